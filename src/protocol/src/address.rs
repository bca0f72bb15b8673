//! `stoa://HOST[:PORT]/WORLD[#SPAWN]`, with the server's certificate fingerprint as an optional user part:
//! `stoa://FINGERPRINT@HOST:PORT/WORLD`, which is what an invitation holds.

use crate::limits::{MAX_ADDRESS_BYTES, MAX_WORLD_ID_BYTES};
use std::{fmt, str::FromStr};

/// UDP port when an address names none.
pub const DEFAULT_PORT: u16 = 7862;

/// BLAKE3 hash of a server's DER certificate, shown as 64 hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// Where a world is: the parsed form of a `stoa://` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldAddress {
    /// Host name or IP address; IPv6 without brackets.
    pub host: String,
    /// UDP port.
    pub port: u16,
    /// World id on that server; empty means its first world.
    pub world: String,
    /// Title of the spawn point to appear at.
    pub spawn: Option<String>,
    /// Certificate fingerprint that an invitation vouches for.
    pub fingerprint: Option<Fingerprint>,
}

/// What is wrong with an address; each text says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not of the form `stoa://...`.
    #[error("`{0}` is not a world address: it must look like stoa://HOST[:PORT]/WORLD")]
    Scheme(String),
    /// No host between `stoa://` and the path.
    #[error("the address names no host: write stoa://HOST[:PORT]/WORLD")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error(
        "`{0}` is not a port: use a number from 1 to 65535, or leave it out for {DEFAULT_PORT}"
    )]
    Port(String),
    /// World id too long or with other characters than letters, digits, `-`, `_` and `.`.
    #[error("`{0}` is not a world id: use letters, digits, - _ and .")]
    World(String),
    /// The part before `@` is not a fingerprint.
    #[error(
        "the part before @ is not a certificate fingerprint of 64 hexadecimal characters: copy the invitation again"
    )]
    Fingerprint,
    /// Longer than any address can be.
    #[error("the address is too long: at most {MAX_ADDRESS_BYTES} bytes")]
    TooLong,
}

impl FromStr for WorldAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.len() > MAX_ADDRESS_BYTES {
            return Err(AddressError::TooLong);
        }
        let rest = text
            .strip_prefix("stoa://")
            .ok_or_else(|| AddressError::Scheme(text.to_owned()))?;
        let (rest, spawn) = match rest.split_once('#') {
            Some((rest, spawn)) => (rest, (!spawn.is_empty()).then(|| spawn.to_owned())),
            None => (rest, None),
        };
        let (authority, world) = rest.split_once('/').unwrap_or((rest, ""));
        let world = world.trim_end_matches('/');
        if world.len() > MAX_WORLD_ID_BYTES || !world.chars().all(is_world_character) {
            return Err(AddressError::World(world.to_owned()));
        }
        let (fingerprint, place) = match authority.rsplit_once('@') {
            Some((hex, place)) => (Some(hex.parse()?), place),
            None => (None, authority),
        };
        let (host, port) = split_host_port(place)?;
        Ok(Self {
            host,
            port,
            world: world.to_owned(),
            spawn,
            fingerprint,
        })
    }
}

impl WorldAddress {
    /// True for worlds of one server, as far as their addresses tell.
    #[must_use]
    pub fn is_same_server(&self, other: &Self) -> bool {
        (&self.host, self.port) == (&other.host, other.port)
    }

    /// Where a link of this world leads: a whole `stoa:` address; `#SPAWN`, elsewhere in the same world; or a relative path
    /// such as `../workshop.glb#gate`, whose last part names another world of the same server, with or without the ending
    /// of its file. Nothing for other schemes, and for paths that name no world.
    #[must_use]
    pub fn follow(&self, link: &str) -> Option<Self> {
        if link.contains(':') {
            return link.parse().ok();
        }
        let (path, spawn) = match link.split_once('#') {
            Some((path, spawn)) => (path, (!spawn.is_empty()).then(|| spawn.to_owned())),
            None => (link, None),
        };
        let mut there = Self {
            spawn,
            ..self.clone()
        };
        if path.is_empty() {
            return there.spawn.is_some().then_some(there);
        }
        let last = path.trim_end_matches('/').rsplit('/').next()?;
        let world = [".glb", ".gltf"]
            .iter()
            .find_map(|ending| last.strip_suffix(ending))
            .unwrap_or(last);
        let is_world = !world.trim_matches('.').is_empty()
            && world.len() <= MAX_WORLD_ID_BYTES
            && world.chars().all(is_world_character);
        world.clone_into(&mut there.world);
        is_world.then_some(there)
    }
}

impl fmt::Display for WorldAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("stoa://")?;
        if let Some(fingerprint) = self.fingerprint {
            write!(formatter, "{fingerprint}@")?;
        }
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}/{}", self.host, self.port, self.world)?;
        } else {
            write!(formatter, "{}:{}/{}", self.host, self.port, self.world)?;
        }
        match &self.spawn {
            Some(spawn) => write!(formatter, "#{spawn}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.len() != 64 || !text.is_ascii() {
            return Err(AddressError::Fingerprint);
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16)
                .or(Err(AddressError::Fingerprint))?;
        }
        Ok(Self(bytes))
    }
}

fn is_world_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
}

fn split_host_port(place: &str) -> Result<(String, u16), AddressError> {
    let (host, port) = if let Some(inner) = place.strip_prefix('[') {
        let (host, after) = inner.split_once(']').ok_or(AddressError::Host)?;
        (host, after.strip_prefix(':'))
    } else {
        match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        }
    };
    if host.is_empty()
        || host
            .chars()
            .any(|character| character.is_whitespace() || character.is_control())
    {
        return Err(AddressError::Host);
    }
    let port = match port {
        None => DEFAULT_PORT,
        Some(digits) => match digits.parse() {
            Ok(port) if port > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()) => port,
            _ => return Err(AddressError::Port(digits.to_owned())),
        },
    };
    Ok((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_a_round_trip() {
        let hex = "ab".repeat(32);
        for text in [
            "stoa://example.org:7862/plaza",
            "stoa://127.0.0.1:9000/plaza#stage",
            "stoa://[::1]:7862/workshop",
            &format!("stoa://{hex}@example.org:7862/plaza"),
        ] {
            assert_eq!(text.parse::<WorldAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn port_and_world_may_be_left_out() {
        let address: WorldAddress = "stoa://example.org".parse().unwrap();
        assert_eq!((address.port, address.world.as_str()), (DEFAULT_PORT, ""));
    }

    #[test]
    fn each_fault_is_named() {
        let fault = |text: &str| text.parse::<WorldAddress>().unwrap_err();
        assert!(matches!(fault("http://a/b"), AddressError::Scheme(_)));
        assert_eq!(fault("stoa:///plaza"), AddressError::Host);
        assert!(matches!(fault("stoa://a:0/plaza"), AddressError::Port(_)));
        assert!(matches!(
            fault("stoa://a:99999/plaza"),
            AddressError::Port(_)
        ));
        assert!(matches!(fault("stoa://a/../etc"), AddressError::World(_)));
        assert_eq!(fault("stoa://zz@a/plaza"), AddressError::Fingerprint);
        assert_eq!(
            fault(&format!("stoa://a/{}", "x".repeat(600))),
            AddressError::TooLong
        );
    }

    #[test]
    fn links_lead_to_places_here_and_elsewhere() {
        let hex = "ab".repeat(32);
        let here: WorldAddress = format!("stoa://{hex}@example.org:9000/plaza#stage")
            .parse()
            .unwrap();
        let there = |link: &str| here.follow(link).map(|there| there.to_string());
        let at_home = |rest: &str| Some(format!("stoa://{hex}@example.org:9000/{rest}"));
        assert_eq!(there("#gate"), at_home("plaza#gate"));
        for link in [
            "workshop",
            "./workshop.glb",
            "../worlds/workshop.gltf",
            "workshop/",
        ] {
            assert_eq!(there(link), at_home("workshop"), "{link}");
        }
        assert_eq!(there("workshop.glb#door"), at_home("workshop#door"));
        // What vouches for this server vouches for no other.
        let other = "stoa://other.org:7862/hall";
        assert_eq!(there(other).as_deref(), Some(other));
        let is_here = |link: &str| here.is_same_server(&here.follow(link).unwrap());
        assert!(is_here("workshop") && is_here("#gate") && !is_here(other));
        for link in [
            "",
            "#",
            "..",
            "/",
            "a b",
            "https://example.org",
            "stoa:",
            "file:x",
        ] {
            assert_eq!(there(link), None, "{link}");
        }
        assert_eq!(there(&"x".repeat(MAX_WORLD_ID_BYTES + 1)), None);
    }
}
