use super::*;
use std::path::Path;

fn read(text: &str) -> Result<Config, Error> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    Config::load(Some(file.path()), [], [])
}

fn pair(name: &str, value: &str) -> [(String, String); 1] {
    [(name.to_owned(), value.to_owned())]
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file_and_that_before_the_default() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        "store = \"city\"\n[limits]\npoll = \"7s\"\nstreams = 7\ncache_bytes = \"7M\"\n",
    )
    .unwrap();
    let variables = [
        ("KORTTELI_LIMITS_POLL".to_owned(), "8s".to_owned()),
        ("KORTTELI_LIMITS_STREAMS".to_owned(), "8".to_owned()),
        ("KORTTELI_LOG_REQUESTS".to_owned(), "false".to_owned()),
        ("KORTTELI_VENV".to_owned(), "of another program".to_owned()),
    ];
    let config = Config::load(Some(file.path()), variables, pair("limits.poll", "9s")).unwrap();
    assert_eq!(config.limits.poll, Duration::from_secs(9));
    assert_eq!(config.limits.streams, 8);
    assert_eq!(config.limits.cache_bytes, 7 << 20);
    assert_eq!(config.limits.drain, Limits::default().drain);
    assert!(!config.log.requests);
    assert_eq!(config.store, Path::new("city"));
}

#[test]
fn a_word_that_is_not_known_is_an_error_with_its_place() {
    for (text, place, word) in [
        ("stor = \"city\"\n", (1, 1), "stor"),
        ("store = \"city\"\n\n[limits]\n  conections = 5\n", (4, 3), "conections"),
        ("[limit]\n", (1, 2), "limit"),
        (
            "store = \"city\"\nlisten = \"everywhere\"\n",
            (2, 10),
            "invalid socket address",
        ),
        ("[limits]\npoll = \"soon\"\n", (2, 8), "a duration"),
        ("[limits]\ncache_bytes = \"12Q\"\n", (2, 15), "64K"),
        ("[log]\nformat = \"xml\"\n", (2, 10), "xml"),
        ("store = \n", (1, 9), ""),
    ] {
        let error = read(text).unwrap_err();
        let Error::ConfigText {
            line, column, reason, ..
        } = &error
        else {
            panic!("{text}: {error}");
        };
        assert_eq!((*line, *column), place, "{text}: {error}");
        assert!(reason.contains(word), "{text}: {error}");
    }
}

#[test]
fn a_variable_or_flag_that_cannot_be_is_named() {
    let error = Config::load(None, pair("KORTTELI_LISTEN", "8080"), [])
        .unwrap_err()
        .to_string();
    assert!(error.contains("KORTTELI_LISTEN"), "{error}");
    let error = Config::load(None, pair("KORTTELI_LIMITS_POL", "1s"), [])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("KORTTELI_LIMITS_POL") && error.contains("no setting"),
        "{error}"
    );
    let error = Config::load(None, [], pair("limits.streams", "many"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("limits.streams"), "{error}");
    let error = Config::load(None, [], pair("limits", "1")).unwrap_err().to_string();
    assert!(error.contains("limits"), "{error}");
}

#[test]
fn what_is_in_force_reads_back_as_itself() {
    let mut config = Config::new("/srv/the \"city\"".into());
    assert_eq!(read(&config.to_toml()).unwrap(), config);
    config.viewer = Some("viewer".into());
    config.public_url = Some("https://example.org/3d".to_owned());
    config.metrics_listen = Some("[::1]:9464".parse().unwrap());
    config.state_dir = Some("/var/lib/kortteli".into());
    config.log.format = LogFormat::Json;
    config.limits.poll = Duration::from_millis(1500);
    config.limits.cache_bytes = (64 << 20) + 1;
    assert_eq!(read(&config.to_toml()).unwrap(), config);
}

#[test]
fn what_no_server_can_do_is_refused_by_name() {
    let wrong = |change: fn(&mut Config)| {
        let mut config = Config::new("city".into());
        change(&mut config);
        config.validate().unwrap_err().to_string()
    };
    assert!(Config::new("city".into()).validate().is_ok());
    assert!(wrong(|config| config.store.clear()).contains("store"));
    assert!(wrong(|config| config.limits.connections = 0).contains("limits.connections"));
    assert!(wrong(|config| config.limits.streams = 0).contains("limits.streams"));
    assert!(wrong(|config| config.limits.header_bytes = 100).contains("8K"));
    assert!(wrong(|config| config.limits.poll = Duration::ZERO).contains("limits.poll"));
    assert!(wrong(|config| config.limits.drain = Duration::MAX).contains("limits.drain"));
    for address in [
        "example.org",
        "ftp://example.org/",
        "https://",
        "https://a:b@example.org/",
        "https://example.org/?a",
    ] {
        let mut config = Config::new("city".into());
        config.public_url = Some(address.to_owned());
        let error = config.validate().unwrap_err().to_string();
        assert!(error.contains("public_url"), "{address}: {error}");
    }
}

#[test]
fn every_setting_is_described_and_the_reference_is_not_stale() {
    for key in Key::all() {
        assert!(key.about.len() > 20, "{} is described", key.path);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CONFIG.md");
    if std::env::var_os("KORTTELI_BLESS").is_some() {
        std::fs::write(&path, reference()).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == reference(),
        "server/CONFIG.md is stale: KORTTELI_BLESS=1 cargo test -p server writes it anew"
    );
}
