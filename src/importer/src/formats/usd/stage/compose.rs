//! Layers as one stage: what all of them say of each prim, the strongest first, along sublayers, inherits, variants, references,
//! payloads and specializes (OpenUSD, "LIVERPS strength ordering"; AOUSD Core Specification 1.0, section 10). A reference of a
//! layer below a reference is looked up where it is told; classes that a stronger layer changes for it are not.

use super::library::Library;
use crate::formats::usd::{
    limits::{MAX_ARC_DEPTH, MAX_DEPTH, MAX_OPINIONS, MAX_PATH_BYTES, MAX_PRIMS},
    read::{
        layer::{Layer, PrimSpec, Reference, Specifier},
        package::inside,
        value::ListEdit,
    },
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
};

/// Longer names of types are cut.
const MAX_TYPE_CHARS: usize = 64;

/// What one layer says of a prim.
#[derive(Clone)]
pub(crate) struct Opinion {
    /// Place of the layer.
    pub(crate) layer: usize,
    /// Place of what it says in the layer.
    pub(crate) spec: usize,
    site: Rc<Site>,
}

/// Where opinions come from together: all layers of a stack at one path.
struct Site {
    /// Places of its layers, the strongest first.
    stack: Rc<Vec<usize>>,
    /// How its paths become those of the stage; `None` where they are.
    map: Option<Rc<Map>>,
    /// The arcs that lead here; what compares less is stronger.
    strength: Vec<Arc>,
}

/// The place of an arc among those that begin where it does: by its kind, by how far down the stage it is told, and in its list.
type Arc = (Kind, Reverse<usize>, usize);

/// Kinds of arcs, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Inherit,
    Variant,
    Reference,
    Payload,
    Specialize,
}

/// How paths of one layer stack become those of the one that refers to it.
struct Map {
    from: String,
    to: String,
    /// Paths beside are the same in both.
    keeps_others: bool,
    next: Option<Rc<Map>>,
}

impl Site {
    fn to_stage(&self, path: &str) -> Option<String> {
        let mut path = path.to_owned();
        let mut map = self.map.as_ref();
        while let Some(own) = map {
            path = match below(&path, &own.from) {
                Some(rest) => format!("{}{rest}", own.to.trim_end_matches('/')),
                None if own.keeps_others => path,
                None => return None,
            };
            if path.len() > MAX_PATH_BYTES {
                return None;
            }
            map = own.next.as_ref();
        }
        Some(path)
    }
}

/// What follows a prefix that ends with a name.
fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(prefix.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with(['/', '.'])).then_some(rest)
}

/// A prim of the stage.
pub(crate) struct Prim {
    pub(crate) name: String,
    pub(crate) type_name: String,
    /// Place of the one above; the root has itself.
    pub(crate) parent: usize,
    pub(crate) children: Vec<usize>,
    /// The strongest first.
    pub(crate) opinions: Vec<Opinion>,
}

/// All prims that are there: defined, active and no classes.
pub(crate) struct Stage {
    pub(crate) layers: Vec<Layer>,
    /// The root comes first, and parents before their children.
    pub(crate) prims: Vec<Prim>,
    places: BTreeMap<(usize, String), usize>,
}

impl Stage {
    /// Composes the stage of a layer.
    ///
    /// # Errors
    /// One line when a layer is damaged, or there is too much.
    pub(crate) fn compose(library: &mut Library<'_, '_, '_>, root: usize) -> Result<Self, String> {
        let stack = library.stack(root)?;
        let mut composer = Composer {
            library,
            opinions: 0,
        };
        let site = Rc::new(Site {
            stack,
            map: None,
            strength: Vec::new(),
        });
        let mut prims = vec![Prim {
            name: String::new(),
            type_name: String::new(),
            parent: 0,
            children: Vec::new(),
            opinions: roots(&site),
        }];
        let mut places = BTreeMap::new();
        let mut open = VecDeque::from([(0, 0)]);
        while let Some((parent, depth)) = open.pop_front() {
            for name in composer.child_names(&prims[parent].opinions) {
                let opinions =
                    composer.child(&prims[parent].opinions, &name, &mut BTreeMap::new(), 0)?;
                let Some(type_name) = composer.type_of(&opinions) else {
                    continue;
                };
                if prims.len() >= MAX_PRIMS {
                    return Err(format!("it has more than {MAX_PRIMS} prims"));
                }
                if depth >= MAX_DEPTH {
                    composer
                        .library
                        .note("prims that lie too deep, or in themselves, are left out");
                    continue;
                }
                let place = prims.len();
                places.insert((parent, name.clone()), place);
                prims.push(Prim {
                    name,
                    type_name,
                    parent,
                    children: Vec::new(),
                    opinions,
                });
                prims[parent].children.push(place);
                open.push_back((place, depth + 1));
            }
        }
        Ok(Self {
            layers: library.take_layers(),
            prims,
            places,
        })
    }

    /// The prim at a path, which may be that of a property of it.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        let path = path.split_once('.').map_or(path, |(prim, _)| prim);
        let mut names = path
            .strip_prefix('/')?
            .split('/')
            .filter(|name| !name.is_empty());
        names.try_fold(0, |place, name| {
            self.places.get(&(place, name.to_owned())).copied()
        })
    }

    /// Where a path of the layer of an opinion leads on the stage.
    pub(crate) fn to_stage(opinion: &Opinion, path: &str) -> Option<String> {
        opinion.site.to_stage(path)
    }
}

fn roots(site: &Rc<Site>) -> Vec<Opinion> {
    let layers = site.stack.iter();
    layers
        .map(|layer| Opinion {
            layer: *layer,
            spec: 0,
            site: Rc::clone(site),
        })
        .collect()
}

/// Where arcs begin.
struct Start {
    path: String,
    site: Rc<Site>,
    /// How many arcs led here.
    depth: usize,
}

impl Start {
    /// The strength of an arc of this kind, which is so far down in its list.
    fn strength(&self, kind: Kind, number: usize) -> Vec<Arc> {
        let down = self.path.split('/').filter(|name| !name.is_empty()).count();
        let mut strength = self.site.strength.clone();
        strength.push((kind, Reverse(down), number));
        strength
    }
}

type Selections = BTreeMap<String, String>;

struct Composer<'c, 'l, 'm, 'h> {
    library: &'c mut Library<'l, 'm, 'h>,
    opinions: usize,
}

impl Composer<'_, '_, '_, '_> {
    /// Names of all children, those of the strongest first.
    fn child_names(&self, opinions: &[Opinion]) -> Vec<String> {
        let mut known = BTreeSet::new();
        let mut names = Vec::new();
        for opinion in opinions {
            let children = &self.library.layer(opinion.layer).prims[opinion.spec].children;
            for (name, _) in children {
                if known.insert(name) {
                    names.push(name.clone());
                }
            }
        }
        names
    }

    /// The type of a prim that is there; `None` for others.
    fn type_of(&self, opinions: &[Opinion]) -> Option<String> {
        let specs = || {
            let own = opinions.iter();
            own.map(|own| &self.library.layer(own.layer).prims[own.spec])
        };
        let specifier = specs().map(|spec| spec.specifier);
        let defined = specifier.into_iter().find(|own| *own != Specifier::Over);
        let is_active = specs().find_map(|spec| spec.is_active).unwrap_or(true);
        if defined != Some(Specifier::Def) || !is_active {
            return None;
        }
        let mut named = specs().filter(|spec| !spec.type_name.is_empty());
        let name = named.next().map(|spec| spec.type_name.chars());
        Some(name.into_iter().flatten().take(MAX_TYPE_CHARS).collect())
    }

    /// What is said of a child, given what is said of the one above it. Arcs that the child has of its own stand among those of what
    /// is above it by their kind: a variant of the parent says more than a reference of the child.
    fn child(
        &mut self,
        above: &[Opinion],
        name: &str,
        selections: &mut Selections,
        depth: usize,
    ) -> Result<Vec<Opinion>, String> {
        let mut groups = Vec::new();
        for group in above.chunk_by(|one, other| Rc::ptr_eq(&one.site, &other.site)) {
            let mut own = Vec::new();
            for opinion in group {
                let children = &self.library.layer(opinion.layer).prims[opinion.spec].child_places;
                if let Some(spec) = children.get(name) {
                    own.push((opinion.layer, *spec));
                }
            }
            if !own.is_empty() {
                self.select(&own, selections);
                groups.push((own, Rc::clone(&group[0].site)));
            }
        }
        // What was looked at and says nothing is work as well.
        self.count(above.len() / 32)?;
        let mut found = Vec::new();
        for (own, from) in groups {
            let site = Site {
                stack: Rc::clone(&from.stack),
                map: from.map.clone(),
                strength: from.strength.clone(),
            };
            self.expand(&own, site, selections, depth, &mut found)?;
        }
        found.sort_by(|one, other| one.site.strength.cmp(&other.site.strength));
        Ok(found)
    }

    /// Takes the variants that specs choose, where nothing stronger has.
    fn select(&self, specs: &[(usize, usize)], selections: &mut Selections) {
        for (layer, spec) in specs {
            for (set, name) in &self.library.layer(*layer).prims[*spec].selections {
                let known = selections.entry(set.clone());
                known.or_insert_with(|| name.clone());
            }
        }
    }

    /// # Errors
    /// One line when there are too many of them.
    fn count(&mut self, opinions: usize) -> Result<(), String> {
        self.opinions += opinions;
        match self.opinions > MAX_OPINIONS {
            true => Err(format!(
                "its prims refer to more than {MAX_OPINIONS} others"
            )),
            false => Ok(()),
        }
    }

    /// Adds what layers of one stack say, and all that it leads to. The site is theirs alone.
    fn expand(
        &mut self,
        specs: &[(usize, usize)],
        site: Site,
        selections: &mut Selections,
        depth: usize,
        found: &mut Vec<Opinion>,
    ) -> Result<(), String> {
        let Some((layer, spec)) = specs.first().copied() else {
            return Ok(());
        };
        if depth > MAX_ARC_DEPTH {
            self.library
                .note("references that lead on and on, or to themselves, are left out");
            return Ok(());
        }
        let path = self.library.layer(layer).path_of(spec);
        self.count(specs.len() + path.len() / 32)?;
        self.select(specs, selections);
        let site = Rc::new(site);
        found.extend(specs.iter().map(|(layer, spec)| Opinion {
            layer: *layer,
            spec: *spec,
            site: Rc::clone(&site),
        }));
        let start = Start { path, site, depth };
        let inherits = self.listed(specs, |spec| &spec.inherits);
        self.classes(&inherits, Kind::Inherit, &start, selections, found)?;
        self.variants(specs, &start, selections, found)?;
        for kind in [Kind::Reference, Kind::Payload] {
            for (number, reference) in self.references(specs, kind).iter().enumerate() {
                let strength = start.strength(kind, number);
                self.reference(reference, strength, &start, selections, found)?;
            }
        }
        let specializes = self.listed(specs, |spec| &spec.specializes);
        self.classes(&specializes, Kind::Specialize, &start, selections, found)
    }

    /// What the lists of all specs come to, the weakest first.
    fn listed(
        &self,
        specs: &[(usize, usize)],
        list: impl Fn(&PrimSpec) -> &ListEdit<String>,
    ) -> Vec<String> {
        let mut all = Vec::new();
        for (layer, spec) in specs.iter().rev() {
            list(&self.library.layer(*layer).prims[*spec]).apply(&mut all);
        }
        all
    }

    /// References or payloads. Layers are named as from the top, so that all layers of a stack speak of the same ones.
    fn references(&self, specs: &[(usize, usize)], kind: Kind) -> Vec<Reference> {
        let mut all: Vec<Reference> = Vec::new();
        for (layer, spec) in specs.iter().rev() {
            let layer = self.library.layer(*layer);
            let own = &layer.prims[*spec];
            let edit = match kind {
                Kind::Payload => &own.payloads,
                _ => &own.references,
            };
            let named = |list: &[Reference]| -> Vec<Reference> {
                let named = list.iter().map(|own| match own.asset.as_str() {
                    "" => own.clone(),
                    asset => Reference {
                        asset: inside(&layer.path, asset).unwrap_or_else(|| asset.to_owned()),
                        ..own.clone()
                    },
                });
                named.collect()
            };
            let edit = ListEdit {
                explicit: edit.explicit.as_deref().map(named),
                prepended: named(&edit.prepended),
                appended: named(&edit.appended),
                deleted: named(&edit.deleted),
            };
            edit.apply(&mut all);
        }
        all
    }

    fn classes(
        &mut self,
        targets: &[String],
        kind: Kind,
        start: &Start,
        selections: &mut Selections,
        found: &mut Vec<Opinion>,
    ) -> Result<(), String> {
        for (number, target) in targets.iter().enumerate() {
            let map = Map {
                from: target.clone(),
                to: start.path.clone(),
                keeps_others: true,
                next: start.site.map.clone(),
            };
            let site = Site {
                stack: Rc::clone(&start.site.stack),
                map: Some(Rc::new(map)),
                strength: start.strength(kind, number),
            };
            found.extend(self.at(site, target, selections, start.depth + 1)?);
        }
        Ok(())
    }

    fn variants(
        &mut self,
        specs: &[(usize, usize)],
        start: &Start,
        selections: &mut Selections,
        found: &mut Vec<Opinion>,
    ) -> Result<(), String> {
        let mut sets = BTreeSet::new();
        for (layer, spec) in specs {
            sets.extend(
                self.library.layer(*layer).prims[*spec]
                    .variants
                    .keys()
                    .cloned(),
            );
        }
        for (number, set) in sets.into_iter().enumerate() {
            let Some(name) = selections.get(&set).cloned() else {
                continue;
            };
            let mut own = Vec::new();
            for (layer, spec) in specs {
                let sets = &self.library.layer(*layer).prims[*spec].variants;
                let variant = sets.get(&set).and_then(|variants| variants.get(&name));
                own.extend(variant.map(|variant| (*layer, *variant)));
            }
            let site = Site {
                stack: Rc::clone(&start.site.stack),
                map: start.site.map.clone(),
                strength: start.strength(Kind::Variant, number),
            };
            self.expand(&own, site, selections, start.depth + 1, found)?;
        }
        Ok(())
    }

    fn reference(
        &mut self,
        reference: &Reference,
        strength: Vec<Arc>,
        start: &Start,
        selections: &mut Selections,
        found: &mut Vec<Opinion>,
    ) -> Result<(), String> {
        self.count(1)?;
        let stack = match reference.asset.is_empty() {
            true => Rc::clone(&start.site.stack),
            false => match self.library.open("", &reference.asset)? {
                Some(root) => self.library.stack(root)?,
                None => return Ok(()),
            },
        };
        let default_prim = || {
            let root = self.library.layer(*stack.first()?);
            let name = root.metadata.default_prim.as_ref()?;
            Some(format!("/{}", name.trim_start_matches('/')))
        };
        let target = match reference.path.is_empty() {
            true => default_prim(),
            false => Some(reference.path.clone()),
        };
        let Some(target) = target else {
            self.library
                .note("a reference to a layer that names no default prim is left out");
            return Ok(());
        };
        let map = Map {
            from: target.clone(),
            to: start.path.clone(),
            keeps_others: false,
            next: start.site.map.clone(),
        };
        let site = Site {
            stack,
            map: Some(Rc::new(map)),
            strength,
        };
        found.extend(self.at(site, &target, selections, start.depth + 1)?);
        Ok(())
    }

    /// What a layer stack says at a path, and all that it leads to.
    fn at(
        &mut self,
        site: Site,
        path: &str,
        selections: &mut Selections,
        depth: usize,
    ) -> Result<Vec<Opinion>, String> {
        if depth > MAX_ARC_DEPTH {
            self.library
                .note("references that lead on and on, or to themselves, are left out");
            return Ok(Vec::new());
        }
        let mut opinions = roots(&Rc::new(site));
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        self.count(names.len())?;
        for (place, name) in names.iter().enumerate() {
            let is_last = place + 1 == names.len();
            let mut others = BTreeMap::new();
            let own = if is_last {
                &mut *selections
            } else {
                &mut others
            };
            opinions = self.child(&opinions, name, own, depth)?;
        }
        Ok(opinions)
    }
}
