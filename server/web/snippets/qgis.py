# In QGIS: Plugins > Python Console. Buildings and everything known of them, straight from the server
# (which must know its public address: `kortteli serve --public-url`):
uri = "url='{base}' typename='{collection}' restrictToRequestBBOX='1'"
iface.addVectorLayer(uri, "{title}", "OAPIF")
# The 3D model: Layer > Add Layer > Add Tiled Scene Layer... > New Cesium 3D Tiles Connection, with this URL:
# {base}collections/{collection}/3dtiles/tileset.json
