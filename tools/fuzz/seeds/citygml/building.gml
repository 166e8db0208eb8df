<?xml version="1.0" encoding="UTF-8"?>
<!-- One building with everything that a building can have. Hand written. -->
<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:bldg="http://www.opengis.net/citygml/building/2.0" xmlns:gen="http://www.opengis.net/citygml/generics/2.0" xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xAL="urn:oasis:names:tc:ciq:xsdschema:xAL:2.0" xmlns:uro="https://example.org/uro">
  <gml:description>A model</gml:description>
  <gml:name>Model of one house</gml:name>
  <gml:boundedBy>
    <gml:Envelope srsName="EPSG:3879" srsDimension="3">
      <gml:lowerCorner>0 0 0</gml:lowerCorner>
      <gml:upperCorner>10 10 8</gml:upperCorner>
    </gml:Envelope>
  </gml:boundedBy>
  <core:cityObjectMember>
    <bldg:Building gml:id="house">
      <gml:description>A house with a bay &amp; a window</gml:description>
      <gml:name codeSpace="fi">Talo</gml:name>
      <gml:name codeSpace="sv">Huset</gml:name>
      <core:creationDate>2019-03-26</core:creationDate>
      <core:externalReference>
        <core:informationSystem>https://register.example</core:informationSystem>
        <core:externalObject><core:name>RATU 1234</core:name></core:externalObject>
      </core:externalReference>
      <core:externalReference>
        <core:informationSystem>https://map.example</core:informationSystem>
        <core:externalObject><core:uri>https://map.example/way/1</core:uri></core:externalObject>
      </core:externalReference>
      <core:generalizesTo><bldg:Building gml:id="house_simple"><bldg:lod1Solid/></bldg:Building></core:generalizesTo>
      <gen:stringAttribute name="Rakennustunnus_(RATU)"><gen:value>1234</gen:value></gen:stringAttribute>
      <gen:stringAttribute name="name:fi"><gen:value>Talo</gen:value></gen:stringAttribute>
      <gen:stringAttribute name="empty"><gen:value></gen:value></gen:stringAttribute>
      <gen:intAttribute name="kerroksia"><gen:value>3</gen:value></gen:intAttribute>
      <gen:intAttribute name="not a number"><gen:value>many</gen:value></gen:intAttribute>
      <gen:doubleAttribute name="area"><gen:value>1.5e2</gen:value></gen:doubleAttribute>
      <gen:dateAttribute name="seen"><gen:value>2020-01-02</gen:value></gen:dateAttribute>
      <gen:uriAttribute name="page"><gen:value>https://example.org/a?b=1&amp;c=2</gen:value></gen:uriAttribute>
      <gen:measureAttribute name="eaves"><gen:value uom="urn:ogc:def:uom:UCUM::m">6.5</gen:value></gen:measureAttribute>
      <gen:genericAttributeSet name="energy">
        <gen:stringAttribute name="class"><gen:value>B</gen:value></gen:stringAttribute>
        <gen:genericAttributeSet name="heat"><gen:intAttribute name="kWh"><gen:value>9000</gen:value></gen:intAttribute></gen:genericAttributeSet>
      </gen:genericAttributeSet>
      <bldg:class codeSpace="classes.xml">1000</bldg:class>
      <bldg:function codeSpace="functions.xml">1010</bldg:function>
      <bldg:function>1020</bldg:function>
      <bldg:usage>1030</bldg:usage>
      <bldg:yearOfConstruction>1898</bldg:yearOfConstruction>
      <bldg:roofType codeSpace="roofs.xml">1030</bldg:roofType>
      <bldg:measuredHeight uom="#m">8.0</bldg:measuredHeight>
      <bldg:storeysAboveGround>2</bldg:storeysAboveGround>
      <uro:riskAttribute><uro:RiskAttribute><uro:rank codeSpace="ranks.xml">2</uro:rank><uro:depth uom="m">0.8</uro:depth></uro:RiskAttribute></uro:riskAttribute>
      <bldg:lod0FootPrint><gml:MultiSurface><gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>0 0 0 10 0 0 10 10 0 0 10 0 0 0 0</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface></bldg:lod0FootPrint>
      <bldg:lod0RoofEdge><gml:MultiSurface><gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>0 0 8 10 0 8 10 10 8 0 10 8 0 0 8</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface></bldg:lod0RoofEdge>
      <bldg:lod1MultiCurve><gml:MultiCurve><gml:curveMember><gml:LineString><gml:posList>0 0 0 1 1 1</gml:posList></gml:LineString></gml:curveMember></gml:MultiCurve></bldg:lod1MultiCurve>
      <bldg:lod2Solid>
        <gml:Solid srsName="EPSG:3067">
          <gml:exterior>
            <gml:CompositeSurface>
              <gml:surfaceMember xlink:href="#ground"/>
              <gml:surfaceMember xlink:href="#roof"/>
              <gml:surfaceMember xlink:href="#south"/>
              <gml:surfaceMember xlink:href="#walls"/>
            </gml:CompositeSurface>
          </gml:exterior>
        </gml:Solid>
      </bldg:lod2Solid>
      <bldg:lod2TerrainIntersection><gml:MultiCurve><gml:curveMember><gml:LineString><gml:posList>0 0 0 1 1 1</gml:posList></gml:LineString></gml:curveMember></gml:MultiCurve></bldg:lod2TerrainIntersection>
      <bldg:boundedBy>
        <bldg:GroundSurface gml:id="ground_surface">
          <bldg:lod2MultiSurface><gml:MultiSurface><gml:surfaceMember><gml:OrientableSurface gml:id="ground" orientation="-"><gml:baseSurface><gml:Polygon gml:id="ground_base"><gml:exterior><gml:LinearRing><gml:posList>0 0 0 10 0 0 10 10 0 0 10 0 0 0 0</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:baseSurface></gml:OrientableSurface></gml:surfaceMember></gml:MultiSurface></bldg:lod2MultiSurface>
        </bldg:GroundSurface>
      </bldg:boundedBy>
      <bldg:boundedBy>
        <bldg:RoofSurface gml:id="roof_surface">
          <gen:stringAttribute name="tilt"><gen:value>0</gen:value></gen:stringAttribute>
          <bldg:lod2MultiSurface><gml:MultiSurface><gml:surfaceMember><gml:Polygon gml:id="roof"><gml:exterior><gml:LinearRing><gml:posList>0 0 8 10 0 8 10 10 8 0 10 8 0 0 8</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember><gml:surfaceMember><gml:Polygon gml:id="overhang"><gml:exterior><gml:LinearRing><gml:posList>0 -1 8 10 -1 8 10 0 8 0 0 8 0 -1 8</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface></bldg:lod2MultiSurface>
        </bldg:RoofSurface>
      </bldg:boundedBy>
      <bldg:boundedBy>
        <bldg:WallSurface gml:id="south_surface">
          <bldg:lod2MultiSurface><gml:MultiSurface><gml:surfaceMember><gml:Polygon gml:id="south"><gml:exterior><gml:LinearRing><gml:posList>0 0 0 10 0 0 10 0 8 0 0 8 0 0 0</gml:posList></gml:LinearRing></gml:exterior><gml:interior><gml:LinearRing><gml:posList>4 0 2 4 0 4 6 0 4 6 0 2 4 0 2</gml:posList></gml:LinearRing></gml:interior></gml:Polygon></gml:surfaceMember></gml:MultiSurface></bldg:lod2MultiSurface>
          <bldg:opening>
            <bldg:Window gml:id="window">
              <bldg:lod2MultiSurface><gml:MultiSurface><gml:surfaceMember><gml:Polygon gml:id="pane"><gml:exterior><gml:LinearRing><gml:posList>4 0 2 6 0 2 6 0 4 4 0 4 4 0 2</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface></bldg:lod2MultiSurface>
            </bldg:Window>
          </bldg:opening>
        </bldg:WallSurface>
      </bldg:boundedBy>
      <bldg:boundedBy>
        <bldg:WallSurface gml:id="other_walls">
          <bldg:lod2MultiSurface>
            <gml:MultiSurface>
              <gml:surfaceMember>
                <gml:CompositeSurface gml:id="walls">
                  <gml:surfaceMember><gml:Polygon gml:id="east"><gml:exterior><gml:LinearRing><gml:posList>10 0 0 10 10 0 10 10 8 10 0 8 10 0 0</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>
                  <gml:surfaceMember><gml:Polygon gml:id="north"><gml:exterior><gml:LinearRing><gml:posList>10 10 0 0 10 0 0 10 8 10 10 8 10 10 0</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>
                  <gml:surfaceMember><gml:Polygon gml:id="west"><gml:exterior><gml:LinearRing><gml:posList>0 10 0 0 0 0 0 0 8 0 10 8 0 10 0</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>
                </gml:CompositeSurface>
              </gml:surfaceMember>
            </gml:MultiSurface>
          </bldg:lod2MultiSurface>
        </bldg:WallSurface>
      </bldg:boundedBy>
      <bldg:outerBuildingInstallation>
        <bldg:BuildingInstallation gml:id="chimney">
          <bldg:function>1010</bldg:function>
          <bldg:lod2Geometry><gml:MultiSurface><gml:surfaceMember><gml:Triangle><gml:exterior><gml:LinearRing><gml:posList>1 1 8 2 1 8 1 1 9 1 1 8</gml:posList></gml:LinearRing></gml:exterior></gml:Triangle></gml:surfaceMember></gml:MultiSurface></bldg:lod2Geometry>
        </bldg:BuildingInstallation>
      </bldg:outerBuildingInstallation>
      <bldg:interiorRoom><bldg:Room gml:id="room"><bldg:lod4Solid/></bldg:Room></bldg:interiorRoom>
      <bldg:consistsOfBuildingPart>
        <bldg:BuildingPart gml:id="wing">
          <gml:name>Siipi</gml:name>
          <bldg:lod1Solid><gml:Solid><gml:exterior><gml:CompositeSurface><gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>20 0 0 30 0 0 30 10 0 20 0 0</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod1Solid>
          <bldg:consistsOfBuildingPart><bldg:BuildingPart gml:id="wing_of_wing"/></bldg:consistsOfBuildingPart>
        </bldg:BuildingPart>
      </bldg:consistsOfBuildingPart>
      <bldg:address>
        <core:Address>
          <core:xalAddress>
            <xAL:AddressDetails>
              <xAL:Country>
                <xAL:CountryName>Suomi</xAL:CountryName>
                <xAL:Locality Type="Town">
                  <xAL:LocalityName>Helsinki</xAL:LocalityName>
                  <xAL:DependentLocality><xAL:DependentLocalityName>Kluuvi</xAL:DependentLocalityName></xAL:DependentLocality>
                  <xAL:Thoroughfare Type="Street">
                    <xAL:ThoroughfareName>Unioninkatu</xAL:ThoroughfareName>
                    <xAL:ThoroughfareNumberRange><xAL:ThoroughfareNumberFrom><xAL:ThoroughfareNumber>29</xAL:ThoroughfareNumber></xAL:ThoroughfareNumberFrom><xAL:ThoroughfareNumberTo><xAL:ThoroughfareNumber>31</xAL:ThoroughfareNumber></xAL:ThoroughfareNumberTo></xAL:ThoroughfareNumberRange>
                  </xAL:Thoroughfare>
                  <xAL:PostalCode><xAL:PostalCodeNumber>00170</xAL:PostalCodeNumber></xAL:PostalCode>
                </xAL:Locality>
              </xAL:Country>
            </xAL:AddressDetails>
          </core:xalAddress>
          <core:multiPoint><gml:MultiPoint><gml:pointMember><gml:Point><gml:pos>1 2 3</gml:pos></gml:Point></gml:pointMember></gml:MultiPoint></core:multiPoint>
        </core:Address>
      </bldg:address>
      <bldg:address><core:Address><core:xalAddress><xAL:AddressDetails><xAL:Locality><xAL:LocalityName>Helsingfors</xAL:LocalityName><xAL:Thoroughfare><xAL:ThoroughfareNumber>2 b</xAL:ThoroughfareNumber><xAL:ThoroughfareName>Esplanaden</xAL:ThoroughfareName></xAL:Thoroughfare></xAL:Locality></xAL:AddressDetails></core:xalAddress></core:Address></bldg:address>
    </bldg:Building>
  </core:cityObjectMember>
</core:CityModel>
