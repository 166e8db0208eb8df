# A script of a Node3D: fetches a part of the city and shows it. Metres; X east, Y up, Z south.
extends Node3D

func _ready():
	var request = HTTPRequest.new()
	add_child(request)
	request.request_completed.connect(_on_city)
	request.request("{base}collections/{collection}/extract?bbox={bbox}&lod=2")

func _on_city(_result, _code, _headers, body):
	var document = GLTFDocument.new()
	var state = GLTFState.new()
	document.append_from_buffer(body, "", state)
	add_child(document.generate_scene(state))
