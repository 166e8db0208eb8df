# One building with everything that is known of it
curl -L '{base}collections/{collection}/items/{item}'
# The root of the tiles, and every footprint and attribute as a GeoPackage
curl -LO '{base}collections/{collection}/3dtiles/tileset.json'
curl -LO '{base}collections/{collection}/3dtiles/{geopackage}'
# A block world: what it takes, and making it
curl -H 'Content-Type: application/json' -d '{"inputs": {"collection": "{collection}", "bbox": [{bbox}]}}' \
  '{base}processes/block-world/execution?estimate=true'
