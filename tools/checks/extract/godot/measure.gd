# An extract in Godot: measures the objects of the imported scene and writes what it found.
#
#   godot3-server --path <project with extract.glb imported> -s measure.gd <out.json> <id>...
extends SceneTree


func _init():
	var arguments = OS.get_cmdline_args()
	arguments = arguments_after(arguments, "measure.gd")
	var scene = load("res://extract.glb")
	var found = {}
	if scene != null:
		var root = scene.instance()
		for index in range(1, arguments.size()):
			var node = root.find_node(arguments[index], true, false)
			if node != null:
				found[arguments[index]] = measured(node)
		root.free()
	var file = File.new()
	file.open(arguments[0], File.WRITE)
	file.store_string(to_json({"objects": found}))
	file.close()
	quit()


func arguments_after(all, word):
	var rest = []
	var begun = false
	for argument in all:
		if begun:
			rest.append(argument)
		elif argument.ends_with(word):
			begun = true
	return rest


func measured(node):
	var flat = {}
	var low = Vector3(1e9, 1e9, 1e9)
	var high = -low
	for surface in range(node.mesh.get_surface_count()):
		for corner in node.mesh.surface_get_arrays(surface)[Mesh.ARRAY_VERTEX]:
			flat[Vector2(corner.x, corner.z)] = true
			low = Vector3(min(low.x, corner.x), min(low.y, corner.y), min(low.z, corner.z))
			high = Vector3(max(high.x, corner.x), max(high.y, corner.y), max(high.z, corner.z))
	var width = 0.0
	for a in flat.keys():
		for b in flat.keys():
			width = max(width, a.distance_to(b))
	var place = node.transform.origin
	return {
		"width": width, "height": high.y - low.y,
		"x": place.x + (low.x + high.x) / 2, "y": place.y + low.y, "z": place.z + (low.z + high.z) / 2,
		"name": node.name, "layer": node.get_parent().name,
	}
