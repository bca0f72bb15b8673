//! The index codecs: triangles by the edges and vertices that came last, and sequences by their differences.

use super::{Reader, unfold};

/// Bytes of the table at the end of packed triangles.
const TABLE: usize = 16;

/// The last values, newest first.
struct Recent<T, const N: usize> {
    values: [T; N],
    next: usize,
}

impl<T: Copy + Default, const N: usize> Recent<T, N> {
    fn new() -> Self {
        Self {
            values: [T::default(); N],
            next: 0,
        }
    }

    fn push(&mut self, value: T) {
        self.values[self.next % N] = value;
        self.next = self.next.wrapping_add(1);
    }

    /// The value pushed `back` values before the newest.
    fn get(&self, back: u8) -> T {
        self.values[self.next.wrapping_sub(1 + usize::from(back)) % N]
    }
}

struct Triangles<'a> {
    data: Reader<'a>,
    edges: Recent<(u32, u32), 16>,
    vertices: Recent<u32, 16>,
    /// The first vertex that no triangle has named.
    next: u32,
    /// The last vertex that was written out.
    last: u32,
}

pub(super) fn triangles(source: &[u8], count: usize, stride: usize) -> Option<Vec<u8>> {
    let (header, rest) = source.split_first()?;
    let (codes, rest) = rest.split_at_checked(count / 3)?;
    let (data, table) = rest.split_at_checked(rest.len().checked_sub(TABLE)?)?;
    if *header != 0xE1 {
        return None;
    }
    let mut state = Triangles {
        data: Reader(data),
        edges: Recent::new(),
        vertices: Recent::new(),
        next: 0,
        last: 0,
    };
    let mut bytes = Vec::with_capacity(count * stride);
    for code in codes {
        for index in state.triangle(*code, table)? {
            put(index, stride, &mut bytes);
        }
    }
    state.data.0.is_empty().then_some(bytes)
}

impl Triangles<'_> {
    fn triangle(&mut self, code: u8, table: &[u8]) -> Option<[u32; 3]> {
        let (edge, vertex) = (code >> 4, code & 15);
        if edge == 15 {
            return self.free_triangle(vertex, table);
        }
        let (a, b) = self.edges.get(edge);
        let c = match vertex {
            0 => self.fresh(),
            1..=12 => self.vertices.get(vertex),
            13 => {
                self.last = self.last.wrapping_sub(1);
                self.last
            }
            14 => {
                self.last = self.last.wrapping_add(1);
                self.last
            }
            _ => self.written()?,
        };
        if vertex == 0 || vertex > 12 {
            self.vertices.push(c);
        }
        self.edges.push((c, b));
        self.edges.push((a, c));
        Some([a, b, c])
    }

    /// A triangle that shares no recent edge. Its other two vertices are told by a table, or by a byte of their own.
    fn free_triangle(&mut self, vertex: u8, table: &[u8]) -> Option<[u32; 3]> {
        let is_in_table = vertex < 14;
        let pair = if is_in_table {
            *table.get(usize::from(vertex))?
        } else {
            self.data.byte()?
        };
        if !is_in_table && pair == 0 {
            self.next = 0;
        }
        let a = match vertex {
            15 => self.written()?,
            _ => self.fresh(),
        };
        let mut other = |code: u8| match code {
            0 => Some((self.fresh(), true)),
            15 if !is_in_table => Some((self.written()?, true)),
            _ => Some((self.vertices.get(code - 1), false)),
        };
        let (b, is_b_new) = other(pair >> 4)?;
        let (c, is_c_new) = other(pair & 15)?;
        self.vertices.push(a);
        if is_b_new {
            self.vertices.push(b);
        }
        if is_c_new {
            self.vertices.push(c);
        }
        self.edges.push((b, a));
        self.edges.push((c, b));
        self.edges.push((a, c));
        Some([a, b, c])
    }

    fn fresh(&mut self) -> u32 {
        let fresh = self.next;
        self.next = self.next.wrapping_add(1);
        fresh
    }

    fn written(&mut self) -> Option<u32> {
        self.last = self.last.wrapping_add(unfold(self.data.number()?));
        Some(self.last)
    }
}

pub(super) fn sequence(source: &[u8], count: usize, stride: usize) -> Option<Vec<u8>> {
    let (header, data) = source.split_first()?;
    if *header != 0xD1 {
        return None;
    }
    let mut data = Reader(data);
    // Two runs are woven into each other; the lowest bit says which goes on.
    let mut last = [0u32; 2];
    let mut bytes = Vec::with_capacity(count.min(data.0.len()) * stride);
    for _ in 0..count {
        let number = data.number()?;
        let own = &mut last[(number & 1) as usize];
        *own = own.wrapping_add(unfold(number >> 1));
        put(*own, stride, &mut bytes);
    }
    Some(bytes)
}

/// Appends an index of two bytes, or of four.
fn put(index: u32, stride: usize, bytes: &mut Vec<u8>) {
    match stride {
        2 => bytes.extend((index as u16).to_le_bytes()),
        _ => bytes.extend(index.to_le_bytes()),
    }
}
