// With bevy 0.19, after: curl -L -o assets/city.glb '{base}collections/{collection}/extract?bbox={bbox}&lod=2'
use bevy::prelude::*;

fn main() {
    App::new().add_plugins(DefaultPlugins).add_systems(Startup, setup).run();
}

fn setup(mut commands: Commands, assets: Res<AssetServer>) {
    commands.spawn(WorldAssetRoot(assets.load(GltfAssetLabel::Scene(0).from_asset("city.glb"))));
    commands.spawn((Camera3d::default(), Transform::from_xyz(0.0, 150.0, 300.0).looking_at(Vec3::ZERO, Vec3::Y)));
    commands.spawn((DirectionalLight::default(), Transform::from_xyz(1.0, 2.0, 1.0).looking_at(Vec3::ZERO, Vec3::Y)));
}
