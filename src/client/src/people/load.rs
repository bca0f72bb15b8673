//! Looks: VRM files read, checked and decoded on worker threads, once each, whoever wears them.

use crate::{
    app::{Config, order::ClientSystems},
    link::{Link, Said},
    look::Preset,
    scenery::{Geometry, Pictures, Surfaces},
};
use bevy::{
    mesh::skinning::SkinnedMeshInverseBindposes,
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use protocol::AvatarChoice;
use scene::{Avatar, MeshIndex, NoSideFiles};
use session::SessionEvent;
use std::{path::PathBuf, sync::Arc};

/// A look in the engine.
pub(super) struct Look {
    pub(super) avatar: Arc<Avatar>,
    pub(super) meshes: Vec<LookMesh>,
    pub(super) bind_poses: Vec<Handle<SkinnedMeshInverseBindposes>>,
}

/// A primitive of a look.
pub(super) struct LookMesh {
    pub(super) mesh: MeshIndex,
    pub(super) handle: Handle<Mesh>,
    pub(super) material: Handle<StandardMaterial>,
    pub(super) is_skinned: bool,
    pub(super) has_targets: bool,
}

/// State of a look.
enum Slot {
    /// Its file is on the way from the server.
    Fetching,
    Reading(Task<Result<Raw, String>>),
    There(Arc<Look>),
    /// Shown as the default; the reason was logged.
    Broken,
}

struct Raw {
    avatar: Arc<Avatar>,
    pictures: Pictures,
    geometries: Vec<(MeshIndex, usize, Geometry)>,
}

/// All looks of this visit.
#[derive(Resource, Default)]
pub(super) struct Looks(Vec<(AvatarChoice, Slot)>);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Looks>()
        .add_systems(Update, (take_files, finish).in_set(ClientSystems::Receive));
}

impl Looks {
    /// The look of a choice, when it is there; otherwise it is on its way after this call.
    pub(super) fn get(
        &mut self,
        choice: &AvatarChoice,
        config: &Config,
        preset: Preset,
        link: &Link,
    ) -> Option<Arc<Look>> {
        match self
            .0
            .iter()
            .find(|(known, _)| known == choice)
            .map(|(_, slot)| slot)
        {
            Some(Slot::There(look)) => return Some(Arc::clone(look)),
            Some(_) => return None,
            None => {}
        }
        let own_file = config
            .0
            .avatar_file
            .clone()
            .filter(|_| config.0.avatar == *choice);
        let slot = match (choice, own_file) {
            (_, Some(bytes)) => Slot::Reading(spawn(Source::Bytes(bytes), preset)),
            (AvatarChoice::Shipped(name), None) => Slot::Reading(spawn(
                Source::Shipped(config.0.assets.join("avatars"), name.clone()),
                preset,
            )),
            (AvatarChoice::File { hash, bytes }, None) => match link.0.fetch(*hash, *bytes) {
                Ok(()) => Slot::Fetching,
                Err(_) => return None,
            },
        };
        self.0.push((choice.clone(), slot));
        None
    }
}

enum Source {
    Bytes(Vec<u8>),
    File(PathBuf),
    /// Folder and name; an unknown name becomes the first avatar that is shipped.
    Shipped(PathBuf, String),
}

fn spawn(source: Source, preset: Preset) -> Task<Result<Raw, String>> {
    let max_side = preset.texture_side().min(1024);
    AsyncComputeTaskPool::get().spawn(async move {
        let bytes = match source {
            Source::Bytes(bytes) => bytes,
            Source::File(path) => read(&path)?,
            Source::Shipped(folder, name) => {
                let is_plain = name.chars().all(|character| {
                    character.is_ascii_alphanumeric() || character == '_' || character == '-'
                });
                let wished = folder.join(format!("{name}.vrm"));
                if is_plain && wished.exists() {
                    read(&wished)?
                } else {
                    read(&first_shipped(&folder)?)?
                }
            }
        };
        let avatar =
            Arc::new(scene::load_avatar(&bytes, &NoSideFiles).map_err(|error| error.to_string())?);
        let pictures = Pictures::decode(&avatar.scene, max_side, preset.anisotropy());
        let mut geometries = Vec::new();
        for (index, described) in avatar.scene.meshes.iter().enumerate() {
            for (part, primitive) in described
                .primitives
                .iter()
                .enumerate()
                .filter(|(_, primitive)| !primitive.indices.is_empty())
            {
                geometries.push((
                    MeshIndex(index as u32),
                    part,
                    Geometry::of(&avatar.scene, primitive, true),
                ));
            }
        }
        Ok(Raw {
            avatar,
            pictures,
            geometries,
        })
    })
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn first_shipped(folder: &std::path::Path) -> Result<PathBuf, String> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "vrm"))
        .collect();
    files.sort();
    files
        .into_iter()
        .next()
        .ok_or_else(|| format!("{} holds no avatar", folder.display()))
}

fn take_files(mut said: MessageReader<Said>, mut looks: ResMut<Looks>, preset: Res<Preset>) {
    for Said(event) in said.read() {
        let (wanted, path) = match event {
            SessionEvent::FileReady { hash, path } => (*hash, Some(path.clone())),
            SessionEvent::FileFailed { hash, reason } => {
                tracing::warn!("an avatar cannot be had: {reason}");
                (*hash, None)
            }
            _ => continue,
        };
        for (choice, slot) in &mut looks.0 {
            if matches!(choice, AvatarChoice::File { hash, .. } if *hash == wanted) {
                *slot = path.clone().map_or(Slot::Broken, |path| {
                    Slot::Reading(spawn(Source::File(path), *preset))
                });
            }
        }
    }
}

fn finish(
    mut looks: ResMut<Looks>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<StandardMaterial>>,
    mut bind_poses: ResMut<Assets<SkinnedMeshInverseBindposes>>,
) {
    for (_, slot) in &mut looks.0 {
        let Slot::Reading(task) = slot else { continue };
        let Some(result) = block_on(poll_once(task)) else {
            continue;
        };
        *slot = match result {
            Ok(raw) => Slot::There(Arc::new(upload(
                raw,
                &mut meshes,
                &mut images,
                &mut materials,
                &mut bind_poses,
            ))),
            Err(error) => {
                tracing::warn!("an avatar cannot be shown: {error}");
                Slot::Broken
            }
        };
        // One a frame: an arriving avatar must not stop the picture.
        return;
    }
}

fn upload(
    mut raw: Raw,
    meshes: &mut Assets<Mesh>,
    images: &mut Assets<Image>,
    materials: &mut Assets<StandardMaterial>,
    bind_poses: &mut Assets<SkinnedMeshInverseBindposes>,
) -> Look {
    let scene = &raw.avatar.scene;
    let mut surfaces = Surfaces::default();
    let parts = raw
        .geometries
        .into_iter()
        .map(|(mesh, part, geometry)| {
            let primitive = &scene.meshes[mesh.index()].primitives[part];
            LookMesh {
                mesh,
                handle: meshes.add(geometry.mesh),
                material: surfaces.handle(
                    scene,
                    primitive.material,
                    &mut raw.pictures,
                    images,
                    materials,
                ),
                is_skinned: geometry.is_skinned,
                has_targets: !primitive.targets.is_empty(),
            }
        })
        .collect();
    let bind_poses = scene
        .skins
        .iter()
        .map(|skin| bind_poses.add(skin.inverse_bind_matrices.clone()))
        .collect();
    Look {
        avatar: raw.avatar,
        meshes: parts,
        bind_poses,
    }
}
