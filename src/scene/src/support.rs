//! What is done with each extension of glTF: the one table behind the gate, the report and `docs/CONFORMANCE.md`.

/// What the product does with an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Support {
    /// Drawn, heard or simulated as its specification says.
    Full,
    /// A part of it is drawn or simulated.
    Part,
    /// Turned into core glTF while it is read.
    Converted,
    /// Passed over; a file that requires it is refused by name.
    PassedOver,
}

impl Support {
    /// As it stands in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Part => "part",
            Self::Converted => "converted",
            Self::PassedOver => "passed over",
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Extension {
    /// Its registered name.
    pub name: &'static str,
    /// What is done with it.
    pub support: Support,
    /// What is missing, or what it becomes; empty when there is nothing to add.
    pub note: &'static str,
    /// The test that shows it.
    pub test: &'static str,
}

macro_rules! extensions {
    ($($name:literal $support:ident $test:ident $note:literal;)+) => {
        /// Every extension that is known by name, in alphabetical order.
        pub const EXTENSIONS: &[Extension] = &[$(Extension {
            name: $name,
            support: Support::$support,
            note: $note,
            test: stringify!($test),
        }),+];
    };
}

extensions! {
    "ADOBE_materials_clearcoat_specular" PassedOver what_is_passed_over_is_named "";
    "ADOBE_materials_clearcoat_tint" PassedOver what_is_passed_over_is_named "";
    "ADOBE_materials_thin_transparency" PassedOver what_is_passed_over_is_named "";
    "CESIUM_primitive_outline" PassedOver what_is_passed_over_is_named "";
    "EXT_lights_ies" PassedOver what_is_passed_over_is_named "";
    "EXT_lights_image_based" PassedOver what_is_passed_over_is_named "";
    "EXT_mesh_gpu_instancing" Part instances_are_read "in avatars drawn once, at the node";
    "EXT_mesh_manifold" PassedOver what_is_passed_over_is_named "";
    "EXT_mesh_primitive_edge_visibility" PassedOver what_is_passed_over_is_named "";
    "EXT_mesh_primitive_restart" PassedOver what_is_passed_over_is_named "";
    "EXT_meshopt_compression" Converted compressed_samples_equal_the_plain_ones "";
    "EXT_texture_astc" PassedOver what_is_passed_over_is_named "";
    "EXT_texture_procedurals_mx_1_39" PassedOver what_is_passed_over_is_named "";
    "EXT_texture_webp" Converted webp_images_become_png "PNG";
    "FB_geometry_metadata" PassedOver what_is_passed_over_is_named "";
    "GODOT_single_root" PassedOver what_is_passed_over_is_named "a hint for one editor";
    "GRIFFEL_bim_data" PassedOver what_is_passed_over_is_named "";
    "KHR_accessor_float64" Converted doubles_become_floats "floats; where that rounds by more than 0.001 it is told";
    "KHR_animation_pointer" Part animated_properties_are_read "of nodes, weights of meshes, materials, textures and lights; the file's cameras are not looked through";
    "KHR_audio_emitter" Full emitters_of_a_scene_are_read "MP3, WAV, Ogg Vorbis and Ogg Opus; rates from 0.1 to 10, gains up to 10";
    "KHR_audio_graph" PassedOver what_is_passed_over_is_named "";
    "KHR_collision_shapes" Full shapes_of_both_revisions_of_khr_physics_are_read "older name of KHR_implicit_shapes";
    "KHR_draco_mesh_compression" Converted compressed_samples_equal_the_plain_ones "";
    "KHR_gaussian_splatting" Part splats_have_size_and_colour "drawn as solid ellipsoids without a change of colour by direction; primitives beyond 50,000 splats in a file as points";
    "KHR_implicit_shapes" Full shapes_of_both_revisions_of_khr_physics_are_read "";
    "KHR_interactivity" PassedOver where_a_graph_says_what_plays_nothing_plays_by_itself "in a file with a graph no animation plays by itself, but those that a host names";
    "KHR_lights_punctual" Full lights_are_read "without a range as far as a tenth of a lux, from 30 m to 100 m";
    "KHR_materials_anisotropy" Full every_lobe_is_drawn "";
    "KHR_materials_clearcoat" Full every_lobe_is_drawn "";
    "KHR_materials_diffuse_transmission" Full every_lobe_is_drawn "";
    "KHR_materials_dispersion" Full dispersion_bends_blue_more_than_green_and_green_more_than_red "";
    "KHR_materials_emissive_strength" Full material_lobes_are_read "";
    "KHR_materials_ior" Full material_lobes_are_read "";
    "KHR_materials_iridescence" Full every_lobe_is_drawn "";
    "KHR_materials_pbrSpecularGlossiness" Converted old_gloss_becomes_roughness "metal and roughness, or with a picture of reflection and gloss what KHR_materials_specular says";
    "KHR_materials_sheen" Full every_lobe_is_drawn "";
    "KHR_materials_specular" Full every_lobe_is_drawn "";
    "KHR_materials_subsurface" PassedOver what_is_passed_over_is_named "";
    "KHR_materials_transmission" Full every_lobe_is_drawn "";
    "KHR_materials_unlit" Full material_lobes_are_read "";
    "KHR_materials_variants" Full variants_give_primitives_other_materials "the default, or the one that `--variant` names";
    "KHR_materials_volume" Full glass_swallows_the_share_of_light_that_its_depth_and_colour_say "";
    "KHR_mesh_quantization" Converted quantized_vertices_become_floats "floats";
    "KHR_meshopt_compression" Converted packed_vertices_of_both_versions_are_unpacked "";
    "KHR_node_hoverability" Full what_is_not_to_answer_to_pointing_has_no_rim_and_neither_has_what_is_below "a rim of light around what one would pick up is what answers";
    "KHR_node_selectability" Full things_that_may_not_be_picked_cannot_be_carried "";
    "KHR_node_visibility" Full hidden_nodes_are_not_drawn "";
    "KHR_physics_rigid_bodies" Part a_rope_that_yields_is_free_within_its_length_and_a_spring_beyond_it "a least distance over several axes is kept where it yields, and else not";
    "KHR_techniques_webgl" PassedOver what_is_passed_over_is_named "";
    "KHR_texture_basisu" Full basis_images_are_kept_as_they_are "ETC1S and UASTC, to BC7, ASTC, ETC2 or plain pixels, as the adapter reads";
    "KHR_texture_procedurals" PassedOver what_is_passed_over_is_named "";
    "KHR_texture_transform" Full slots_carry_their_own_transform "two sets of coordinates for a material";
    "KHR_texture_video" PassedOver what_is_passed_over_is_named "";
    "KHR_xmp" PassedOver what_is_passed_over_is_named "older than KHR_xmp_json_ld";
    "KHR_xmp_json_ld" Full metadata_is_kept_and_read "converting states in it what other places say of author and licence";
    "MSFT_lod" Part levels_follow_each_other_without_a_gap "of nodes: the meshes of the levels, not what lies below them; of materials not";
    "MSFT_packing_normalRoughnessMetallic" PassedOver what_is_passed_over_is_named "";
    "MSFT_packing_occlusionRoughnessMetallic" PassedOver what_is_passed_over_is_named "";
    "MSFT_texture_dds" Converted dds_images_become_png "PNG; of 5, 6 or 10 bits a channel and with a sign not";
    "NV_materials_mdl" PassedOver what_is_passed_over_is_named "";
    "OMI_audio_ogg_vorbis" Full vorbis_is_preferred_where_it_is_offered "";
    "OMI_audio_opus" Part opus_is_preferred_where_it_is_offered_and_can_be_played "in Ogg, mono and stereo";
    "OMI_collider" PassedOver what_is_passed_over_is_named "older than OMI_physics_body";
    "OMI_environment_sky" Full a_gradient_has_its_colours_where_they_belong "";
    "OMI_link" Part portals_and_links_are_read "read as a portal; addresses of pages on the web are shown and not opened";
    "OMI_personality" PassedOver what_is_passed_over_is_named "";
    "OMI_physics_body" Full both_physics_dialects_give_the_same_model "";
    "OMI_physics_gravity" Full bodies_in_a_field_are_pulled_by_it "people stand upright: of gravity they feel what pulls down";
    "OMI_physics_joint" Part a_limit_that_yields_is_free_within_its_bounds_and_a_spring_beyond_them "springs softer than 10 N/m or 1 Nm a radian are rigid; a least distance over several axes is kept where it yields, and else not";
    "OMI_physics_shape" Full both_physics_dialects_give_the_same_model "";
    "OMI_seat" Part seats_and_spawn_points_are_read "everybody sits alike: foot and angle bend no legs";
    "OMI_spawn_point" Part seats_and_spawn_points_are_read "of all teams and groups";
    "OMI_vehicle_body" PassedOver what_is_passed_over_is_named "";
    "OMI_vehicle_hover_thruster" PassedOver what_is_passed_over_is_named "";
    "OMI_vehicle_thruster" PassedOver what_is_passed_over_is_named "";
    "OMI_vehicle_wheel" PassedOver what_is_passed_over_is_named "";
    "STOA_notice_board" Full seats_and_spawn_points_are_read "the newest twelve notes hang on it; all are read before it";
    "STOA_portal" Part a_portal_leads_to_another_world_of_the_server "its preview is kept and not shown";
    "VRM" Converted old_avatars_become_new_ones "VRM 1.0; curves of the gaze become straight lines";
    "VRMC_materials_hdr_emissiveMultiplier" PassedOver what_is_passed_over_is_named "";
    "VRMC_materials_mtoon" Part lines_are_so_many_metres_or_so_much_of_the_screen_wide "all of it; but its textures share the transform and the coordinates of the base colour";
    "VRMC_node_constraint" Full a_roll_takes_the_turn_about_its_axis_alone "";
    "VRMC_springBone" Full one_step_is_the_one_of_the_specification "";
    "VRMC_springBone_extended_collider" Full colliders_push_out_or_keep_in "";
    "VRMC_vrm" Full everything_bound_moves_from_its_base_by_the_weight "";
    "VRMC_vrm_animation" Part avatars_and_clips_are_read "a clip of one's own plays in the studio, with expressions and gaze; in worlds people move by the clips that come with Stoa";
}

/// The row of an extension; none for one that is not known.
pub(crate) fn row(name: &str) -> Option<&'static Extension> {
    EXTENSIONS.iter().find(|extension| extension.name == name)
}

/// What is done with an extension; one that is not known is passed over.
pub(crate) fn support(name: &str) -> Support {
    row(name).map_or(Support::PassedOver, |extension| extension.support)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_once_in_order() {
        assert!(
            EXTENSIONS
                .windows(2)
                .all(|pair| pair[0].name < pair[1].name)
        );
    }
}
