//! Small blocks, apart from large ones: what is small often lives long (a row group's metadata until its file ends),
//! and between large blocks it would cut the free memory into holes that no large block fits in.
//!
//! Blocks of one size class share a slab; slabs lie together in regions, which are all that the system's allocator
//! sees. A slab that is empty serves any class, a region that is empty goes back.
//!
//! A `*mut Slab` is, wherever it is not null, the start of a slab of a live region of these `Slabs`, whose header was
//! written before the slab came into any list. That is what the unsafe code here relies on, and keeps true.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;

/// Larger blocks are the system allocator's.
pub const MOST: usize = 2048;
const MOST_ALIGN: usize = 64;
const SLAB: usize = 32 << 10;
const HEADER: usize = 128;
/// Slabs of a region; where memory is short, a region of one will do.
const REGION_SLABS: [usize; 3] = [16, 4, 1];
/// Steps of 16 up to 128, then eight to a doubling: slices of rows come in sizes that differ little.
const CLASSES: usize = 40;

struct Free {
    next: *mut Free,
}

/// At the start of each slab, which is aligned to its size. The last fields are a region's, in its first slab.
struct Slab {
    next: *mut Slab,
    previous: *mut Slab,
    free: *mut Free,
    region: *mut Slab,
    /// Where blocks were never handed out.
    fresh: u32,
    used: u32,
    class: u32,
    slabs: u32,
    /// Bits of slabs that are in no list.
    idle: u32,
    /// Of regions that have idle slabs.
    next_region: *mut Slab,
    previous_region: *mut Slab,
}

const _: () = assert!(size_of::<Slab>() <= HEADER);

/// Puts a slab before the others of a list, which is doubly linked.
///
/// # Safety
/// `slab` is in no list.
unsafe fn push(head: &mut *mut Slab, slab: *mut Slab) {
    // SAFETY: both are slabs.
    unsafe {
        (*slab).previous = null_mut();
        (*slab).next = *head;
        if !head.is_null() {
            (**head).previous = slab;
        }
    }
    *head = slab;
}

/// # Safety
/// `slab` is in the list of `head`.
unsafe fn unlink(head: &mut *mut Slab, slab: *mut Slab) {
    // SAFETY: it and its neighbours are slabs.
    unsafe {
        let (next, previous) = ((*slab).next, (*slab).previous);
        if previous.is_null() {
            *head = next;
        } else {
            (*previous).next = next;
        }
        if !next.is_null() {
            (*next).previous = previous;
        }
    }
}

pub struct Slabs {
    /// Slabs of each class that have room.
    open: [*mut Slab; CLASSES],
    /// Regions that have idle slabs: a slab is wanted often, and most regions are full.
    regions: *mut Slab,
    /// Regions without a slab in use; one is kept.
    idle_regions: usize,
}

fn class_of(size: usize) -> usize {
    if size <= 128 {
        return size.max(1).div_ceil(16) - 1;
    }
    let below = size - 1;
    let exponent = below.ilog2() as usize;
    8 + (exponent - 7) * 8 + (below >> (exponent - 3) & 7)
}

fn class_size(class: usize) -> usize {
    if class < 8 {
        return (class + 1) * 16;
    }
    (9 + (class - 8) % 8) << (4 + (class - 8) / 8)
}

/// The class that serves a layout; None: not a small one.
pub fn class(layout: Layout) -> Option<usize> {
    let (size, align) = (layout.size(), layout.align());
    match align {
        _ if size > MOST || align > MOST_ALIGN => None,
        // Sizes of classes above 16 bytes are multiples of 16, and of 64 when asked for one.
        0..=16 => Some(class_of(size)),
        _ => Some(class_of(size.max(1).next_multiple_of(MOST_ALIGN))),
    }
}

fn region_layout(slabs: usize) -> Layout {
    // SAFETY: powers of two, both; the sum is far from overflow.
    unsafe { Layout::from_size_align_unchecked(slabs * SLAB, SLAB) }
}

impl Slabs {
    pub const fn new() -> Self {
        Self { open: [null_mut(); CLASSES], regions: null_mut(), idle_regions: 0 }
    }

    /// A block of the class; null when the system refuses. Its content is anything.
    pub fn alloc(&mut self, class: usize) -> *mut u8 {
        let mut slab = self.open[class];
        if slab.is_null() {
            slab = self.idle_slab();
            if slab.is_null() {
                return null_mut();
            }
            // SAFETY: a slab in no list, which becomes one of the class.
            unsafe {
                (*slab).free = null_mut();
                (*slab).fresh = HEADER as u32;
                (*slab).used = 0;
                (*slab).class = class as u32;
                push(&mut self.open[class], slab);
            }
        }
        let size = class_size(class);
        // SAFETY: a slab in the list of its class has a block that was freed, or room for a fresh one.
        unsafe {
            let found = (*slab).free;
            let block = if found.is_null() {
                let at = (*slab).fresh as usize;
                (*slab).fresh += size as u32;
                slab.cast::<u8>().add(at)
            } else {
                (*slab).free = (*found).next;
                found.cast()
            };
            (*slab).used += 1;
            if is_full(slab, size) {
                unlink(&mut self.open[class], slab);
            }
            block
        }
    }

    /// # Safety
    /// `block` came from `alloc` of the same class and was not freed.
    pub unsafe fn free(&mut self, block: *mut u8, class: usize) {
        // SAFETY: slabs are aligned to their size, so that a block knows its own; a block holds a `Free`. The slab is in
        // the list of its class but where it was full.
        unsafe {
            let slab = block.sub(block.addr() % SLAB).cast::<Slab>();
            if is_full(slab, class_size(class)) {
                push(&mut self.open[class], slab);
            }
            let freed = block.cast::<Free>();
            (*freed).next = (*slab).free;
            (*slab).free = freed;
            (*slab).used -= 1;
            if (*slab).used == 0 {
                unlink(&mut self.open[class], slab);
                self.rest(slab);
            }
        }
    }

    /// A slab of no class, out of the region that got one back last.
    fn idle_slab(&mut self) -> *mut Slab {
        // SAFETY: the first slab of a region in the list; the bit that is found is that of a slab of the region.
        unsafe {
            let mut region = self.regions;
            if region.is_null() {
                region = self.new_region();
                if region.is_null() {
                    return null_mut();
                }
            }
            if (*region).idle == all_idle(region) {
                self.idle_regions -= 1;
            }
            let index = (*region).idle.trailing_zeros();
            (*region).idle &= !(1 << index);
            if (*region).idle == 0 {
                self.unlink_region(region);
            }
            let slab = region.cast::<u8>().add(index as usize * SLAB).cast::<Slab>();
            (*slab).region = region;
            slab
        }
    }

    /// One with all its slabs idle; null when the system refuses.
    fn new_region(&mut self) -> *mut Slab {
        for slabs in REGION_SLABS {
            // SAFETY: the layout's size is not 0; the region is as large as its slabs, and in no list.
            unsafe {
                let region = System.alloc(region_layout(slabs)).cast::<Slab>();
                if region.is_null() {
                    continue;
                }
                (*region).slabs = slabs as u32;
                (*region).idle = all_idle(region);
                self.push_region(region);
                self.idle_regions += 1;
                return region;
            }
        }
        null_mut()
    }

    /// Takes an empty slab out of use.
    ///
    /// # Safety
    /// It has no block in use, and is in no list.
    unsafe fn rest(&mut self, slab: *mut Slab) {
        // SAFETY: its region is in the list where it has idle slabs; one of which all are idle has nothing in use.
        unsafe {
            let region = (*slab).region;
            if (*region).idle == 0 {
                self.push_region(region);
            }
            (*region).idle |= 1 << ((slab.addr() - region.addr()) / SLAB);
            if (*region).idle != all_idle(region) {
                return;
            }
            if self.idle_regions == 0 {
                self.idle_regions = 1;
                return;
            }
            self.unlink_region(region);
            System.dealloc(region.cast(), region_layout((*region).slabs as usize));
        }
    }

    /// # Safety
    /// `region` is the first slab of one that is not in the list.
    unsafe fn push_region(&mut self, region: *mut Slab) {
        // SAFETY: it and the list's head are slabs.
        unsafe {
            (*region).next_region = self.regions;
            (*region).previous_region = null_mut();
            if !self.regions.is_null() {
                (*self.regions).previous_region = region;
            }
        }
        self.regions = region;
    }

    /// # Safety
    /// `region` is in the list.
    unsafe fn unlink_region(&mut self, region: *mut Slab) {
        // SAFETY: it and its neighbours are slabs.
        unsafe {
            let (next, previous) = ((*region).next_region, (*region).previous_region);
            if previous.is_null() {
                self.regions = next;
            } else {
                (*previous).next_region = next;
            }
            if !next.is_null() {
                (*next).previous_region = previous;
            }
        }
    }
}

/// # Safety
/// `slab` is one whose blocks are of `size`.
unsafe fn is_full(slab: *mut Slab, size: usize) -> bool {
    // SAFETY: as said.
    unsafe { (*slab).free.is_null() && (*slab).fresh as usize + size > SLAB }
}

/// The bits of all slabs of a region.
///
/// # Safety
/// `region` is its first slab.
unsafe fn all_idle(region: *mut Slab) -> u32 {
    // SAFETY: as said.
    unsafe { (1 << (*region).slabs) - 1 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// That have idle slabs.
    fn open_regions(slabs: &Slabs) -> usize {
        let (mut count, mut region) = (0, slabs.regions);
        while !region.is_null() {
            count += 1;
            // SAFETY: it is in the list.
            region = unsafe { (*region).next_region };
        }
        count
    }

    #[test]
    fn a_class_is_the_smallest_that_fits() {
        for size in 1..=MOST {
            let class = class_of(size);
            assert!(class < CLASSES && class_size(class) >= size, "{size}");
            assert!(class == 0 || class_size(class - 1) < size, "{size}");
            for align in [1, 8, 16, 32, 64] {
                let class = super::class(Layout::from_size_align(size, align).unwrap()).unwrap();
                assert!(class_size(class) >= size && class_size(class).is_multiple_of(align), "{size} {align}");
            }
        }
        assert_eq!(super::class(Layout::from_size_align(MOST + 1, 1).unwrap()), None);
        assert_eq!(super::class(Layout::from_size_align(8, 128).unwrap()), None);
    }

    #[test]
    fn regions_go_back_when_they_are_empty() {
        let mut slabs = Slabs::new();
        let blocks: Vec<_> = (0..5000).map(|_| slabs.alloc(class_of(1000))).collect();
        // SAFETY: blocks that are live.
        let region_of = |block: &*mut u8| unsafe { (*block.sub(block.addr() % SLAB).cast::<Slab>()).region };
        let most = blocks.iter().map(region_of).collect::<std::collections::HashSet<_>>().len();
        assert!((5000 * 1024 / (16 * SLAB)..12).contains(&most), "{most}");
        assert_eq!(open_regions(&slabs), 1);
        for block in blocks {
            // SAFETY: it came from `alloc` of this class.
            unsafe { slabs.free(block, class_of(1000)) };
        }
        assert_eq!((open_regions(&slabs), slabs.idle_regions), (1, 1));
        // The region that was kept serves another class.
        let block = slabs.alloc(0);
        assert_eq!((open_regions(&slabs), slabs.idle_regions), (1, 0));
        // SAFETY: likewise.
        unsafe { slabs.free(block, 0) };
        assert_eq!(slabs.idle_regions, 1);
    }

    proptest! {
        #[test]
        fn blocks_are_apart_aligned_and_keep_their_content(
            steps in prop::collection::vec((1..=MOST, 0..7u32, any::<prop::sample::Index>(), any::<bool>()), 1..3000)
        ) {
            let mut slabs = Slabs::new();
            let mut live: Vec<(*mut u8, Layout, u8)> = Vec::new();
            // SAFETY: `live` holds what `alloc` gave, with its layout, and was not freed.
            let check_and_free = |slabs: &mut Slabs, (block, layout, mark): (*mut u8, Layout, u8)| unsafe {
                let held = std::slice::from_raw_parts(block, layout.size());
                assert!(held.iter().all(|byte| *byte == mark));
                slabs.free(block, class(layout).unwrap());
            };
            for (i, (size, align, at, frees)) in steps.into_iter().enumerate() {
                if frees && !live.is_empty() {
                    let one = live.swap_remove(at.index(live.len()));
                    check_and_free(&mut slabs, one);
                    continue;
                }
                let layout = Layout::from_size_align(size, 1 << align).unwrap();
                let block = slabs.alloc(class(layout).unwrap());
                assert_eq!(block.addr() % layout.align(), 0);
                // SAFETY: a block of the class holds so many bytes.
                unsafe { block.write_bytes(i as u8, size) };
                live.push((block, layout, i as u8));
            }
            for one in live {
                check_and_free(&mut slabs, one);
            }
            assert_eq!((open_regions(&slabs), slabs.idle_regions), (1, 1));
        }
    }
}
