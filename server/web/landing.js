// Puts this server's address into the snippets and copies them.

const base = new URL(".", location.href).href;
const copied = document.body.dataset.copied;

for (const snippet of document.querySelectorAll("[data-snippet]")) {
  const code = snippet.querySelector("code");
  code.textContent = code.textContent.replaceAll("{base}", base);
  const button = snippet.querySelector("button");
  const word = button.textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(`${code.textContent}\n`);
    button.textContent = copied;
    setTimeout(() => { button.textContent = word; }, 2000);
  });
}
