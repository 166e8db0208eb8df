# In Blender: the Scripting workspace, New, paste, Run. Every building is an object named by its id.
import bpy, tempfile, urllib.request

url = "{base}collections/{collection}/extract?bbox={bbox}&lod=2"
path = tempfile.mkdtemp() + "/city.glb"
urllib.request.urlretrieve(url, path)
bpy.ops.import_scene.gltf(filepath=path)
