//! Handles: what the host holds of the engine's objects. A wrong or freed handle is an error, never undefined.

use std::any::Any;
use std::cell::RefCell;

use crate::error::{EngineError, Result};

const INDEX_BITS: u32 = 20;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
const GENERATIONS: u32 = 1 << (31 - INDEX_BITS);

enum Slot {
    Free,
    Held(Box<dyn Any>),
    /// In use by the call that runs now.
    Busy,
}

#[derive(Default)]
struct Table {
    slots: Vec<(u32, Slot)>,
    free: Vec<u32>,
}

thread_local! {
    static TABLE: RefCell<Table> = RefCell::default();
}

fn unknown<T>(handle: i32) -> EngineError {
    let kind = std::any::type_name::<T>().rsplit("::").next().unwrap_or("object");
    EngineError::invalid_argument(format!(
        "handle {handle} is not a live {kind}: it was freed, consumed or never given"
    ))
}

impl Table {
    /// The slot of a handle, when the handle is of the slot's present generation.
    fn slot(&mut self, handle: i32) -> Option<&mut Slot> {
        let bits = u32::try_from(handle).ok()?;
        let (generation, slot) = self.slots.get_mut((bits & INDEX_MASK) as usize)?;
        (*generation == bits >> INDEX_BITS).then_some(slot)
    }

    fn release(&mut self, handle: i32) {
        let index = handle as u32 & INDEX_MASK;
        let (generation, slot) = &mut self.slots[index as usize];
        *generation = (*generation + 1) % GENERATIONS;
        *slot = Slot::Free;
        self.free.push(index);
    }
}

/// Keeps `object`; the handle is never negative.
pub fn insert<T: 'static>(object: T) -> Result<i32> {
    TABLE.with_borrow_mut(|table| {
        let index = match table.free.pop() {
            Some(index) => index,
            None if table.slots.len() as u32 > INDEX_MASK => {
                return Err(EngineError::failed("too many live handles: batches or readers are not being freed"));
            }
            None => {
                table.slots.push((0, Slot::Free));
                // Room to free every slot: where memory ends, freeing is the way out, and must not ask for some.
                table.free.reserve(table.slots.len());
                table.slots.len() as u32 - 1
            }
        };
        let (generation, slot) = &mut table.slots[index as usize];
        *slot = Slot::Held(Box::new(object));
        Ok((*generation << INDEX_BITS | index) as i32)
    })
}

/// Takes the object out and frees its handle.
pub fn take<T: 'static>(handle: i32) -> Result<T> {
    TABLE.with_borrow_mut(|table| {
        let found = table.slot(handle).is_some_and(|s| matches!(s, Slot::Held(b) if b.is::<T>()));
        if !found {
            return Err(unknown::<T>(handle));
        }
        let slot = table.slot(handle).map(|s| std::mem::replace(s, Slot::Free));
        table.release(handle);
        match slot {
            Some(Slot::Held(object)) => object.downcast::<T>().map(|b| *b).map_err(|_| unknown::<T>(handle)),
            _ => Err(unknown::<T>(handle)),
        }
    })
}

/// Lends the object to `use_it`, which may itself insert and take other handles.
pub fn with<T: 'static, R>(handle: i32, use_it: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
    let mut object = TABLE.with_borrow_mut(|table| {
        let slot = table.slot(handle).ok_or_else(|| unknown::<T>(handle))?;
        match slot {
            Slot::Held(object) if object.is::<T>() => {}
            _ => return Err(unknown::<T>(handle)),
        }
        match std::mem::replace(slot, Slot::Busy) {
            Slot::Held(object) => Ok(object),
            _ => Err(unknown::<T>(handle)),
        }
    })?;
    let result = match object.downcast_mut::<T>() {
        Some(object) => use_it(object),
        None => Err(unknown::<T>(handle)),
    };
    TABLE.with_borrow_mut(|table| {
        if let Some(slot @ Slot::Busy) = table.slot(handle) {
            *slot = Slot::Held(object);
        }
    });
    result
}

/// Frees a handle of any kind; one that is not live is left alone (freeing twice is no fault).
pub fn drop_handle(handle: i32) {
    let object = TABLE.with_borrow_mut(|table| match table.slot(handle) {
        Some(slot) if matches!(slot, Slot::Held(_)) => {
            let object = std::mem::replace(slot, Slot::Free);
            table.release(handle);
            Some(object)
        }
        _ => None,
    });
    // Outside the borrow: the object may hold handles of its own.
    drop(object);
}

/// Memory of the table itself.
pub fn table_bytes() -> usize {
    TABLE.with_borrow(|t| t.slots.capacity() * size_of::<(u32, Slot)>() + t.free.capacity() * size_of::<u32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_handle_is_refused_even_when_its_slot_is_used_again() {
        let first = insert(1u32).unwrap();
        drop_handle(first);
        let second = insert(2u32).unwrap();
        assert_ne!(first, second);
        assert_eq!(take::<u32>(first).unwrap_err().code, "INVALID_ARGUMENT");
        assert_eq!(take::<u32>(second).unwrap(), 2);
        assert!(take::<u32>(second).is_err());
    }

    #[test]
    fn a_handle_of_another_kind_is_refused_and_stays_live() {
        let handle = insert(String::from("x")).unwrap();
        assert!(take::<u32>(handle).is_err());
        assert!(with::<u32, ()>(handle, |_| Ok(())).is_err());
        assert_eq!(take::<String>(handle).unwrap(), "x");
    }

    #[test]
    fn an_object_in_use_may_make_handles_and_cannot_be_taken() {
        let handle = insert(7u32).unwrap();
        let inner = with::<u32, i32>(handle, |n| {
            assert!(take::<u32>(handle).is_err());
            *n += 1;
            insert(*n)
        });
        assert_eq!(take::<u32>(inner.unwrap()).unwrap(), 8);
        assert_eq!(take::<u32>(handle).unwrap(), 8);
    }

    #[test]
    fn freeing_takes_no_memory() {
        let handles: Vec<i32> = (0..1000u32).map(|n| insert(n).unwrap()).collect();
        crate::memory::tests::with_blocks_of(0, || handles.iter().for_each(|h| drop_handle(*h)));
        assert!(handles.iter().all(|h| take::<u32>(*h).is_err()));
    }

    #[test]
    fn garbage_is_not_a_handle() {
        for handle in [-1, i32::MIN, i32::MAX, 1 << 19] {
            assert!(take::<u32>(handle).is_err());
            drop_handle(handle);
        }
    }
}
