# One building with everything that is known of it
curl -L '{base}collections/{collection}/items/{item}'
# The buildings above 30 m in a box, ten at a time
curl -G '{base}collections/{collection}/items' -d 'bbox={bbox}' -d limit=10 --data-urlencode 'filter=measuredHeight > 30'
# The root of the tiles, and every footprint and attribute as a GeoPackage
curl -LO '{base}collections/{collection}/3dtiles/tileset.json'
curl -LO '{base}collections/{collection}/3dtiles/{geopackage}'
# A block world: what it takes, and making it
curl -H 'Content-Type: application/json' -d '{"inputs": {"collection": "{collection}", "bbox": [{bbox}]}}' \
  '{base}processes/block-world/execution?estimate=true'
