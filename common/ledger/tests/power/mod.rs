//! A disk that may lose its power at any moment: what was synced stays, of what was written since any part may.
//!
//! SQLite reaches files through a "VFS". This one stands before the usual one and keeps a journal of all that was written and synced;
//! of the journal any moment's disk can be made again. The files themselves are never synced: the tests need not wait.
#![allow(non_snake_case, unsafe_code)] // SQLite's names; each function is called by it as its documentation has it

mod disk;

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use rusqlite::ffi::{
    SQLITE_OK, sqlite3_file, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

pub use disk::Disk;

#[derive(Debug, Clone)]
pub struct Act {
    pub path: PathBuf,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    Write {
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncate(usize),
    Sync,
    Delete,
    /// So many events are acknowledged by now. Said by the tests.
    Acknowledged(u64),
}

static JOURNAL: Mutex<Vec<Act>> = Mutex::new(Vec::new());
/// SQLite's own VFS.
static USUAL: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(null_mut());

fn journal() -> MutexGuard<'static, Vec<Act>> {
    JOURNAL.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn note(path: &Path, what: What) {
    journal().push(Act { path: path.to_owned(), what });
}

/// What was done in this folder, oldest first.
pub fn acts_in(folder: &Path) -> Vec<Act> {
    journal().iter().filter(|act| act.path.starts_with(folder)).cloned().collect()
}

/// From now on every file of SQLite's in this process is watched.
pub fn watch() {
    static ONCE: Once = Once::new();
    // SAFETY: the usual VFS is there as soon as SQLite is, and for ever; so is the copy, which is given away.
    ONCE.call_once(|| unsafe {
        let usual = sqlite3_vfs_find(null_mut());
        let mut watching = *usual;
        watching.pNext = null_mut();
        watching.zName = c"watching".as_ptr();
        watching.szOsFile += size_of::<File>() as c_int;
        watching.xOpen = Some(open);
        watching.xDelete = Some(delete);
        USUAL.store(usual, Ordering::Relaxed);
        assert_eq!(sqlite3_vfs_register(Box::leak(Box::new(watching)), 1), SQLITE_OK);
    });
}

fn usual() -> *mut sqlite3_vfs {
    USUAL.load(Ordering::Relaxed)
}

/// Ours; the usual VFS has its own directly behind it.
#[repr(C)]
struct File {
    methods: *const sqlite3_io_methods,
    /// None for files without a name, which nobody looks for after a restart.
    path: *mut PathBuf,
}

unsafe fn real(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: SQLite sets aside `szOsFile` bytes for each file: ours and those of the usual VFS.
    unsafe { file.cast::<File>().add(1).cast() }
}

unsafe fn methods<'a>(file: *mut sqlite3_file) -> &'a sqlite3_io_methods {
    // SAFETY: SQLite asks nothing of a file that could not be opened.
    unsafe { &*(*real(file)).pMethods }
}

unsafe fn note_of(file: *mut sqlite3_file, what: What) {
    // SAFETY: `open` set the path, `xClose` takes it away.
    if let Some(path) = unsafe { (*file.cast::<File>()).path.as_ref() } {
        note(path, what);
    }
}

fn named(name: *const c_char) -> Option<PathBuf> {
    // SAFETY: a name of SQLite's ends with a zero.
    let name = (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) });
    name.map(|name| OsStr::from_bytes(name.to_bytes()).into())
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: all but the VFS is passed on as it came.
    unsafe {
        let result = ((*usual()).xOpen.unwrap())(usual(), name, real(file), flags, out);
        let ours = file.cast::<File>();
        let is_open = result == SQLITE_OK;
        (*ours).methods = if is_open { &METHODS } else { null() };
        (*ours).path =
            named(name).filter(|_| is_open).map_or(null_mut(), |path| Box::into_raw(Box::new(path)));
        result
    }
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    if let Some(path) = named(name) {
        note(&path, What::Delete);
    }
    // SAFETY: as it came.
    unsafe { ((*usual()).xDelete.unwrap())(usual(), name, sync) }
}

unsafe extern "C" fn xClose(file: *mut sqlite3_file) -> c_int {
    // SAFETY: the path is taken away once.
    unsafe {
        let result = (methods(file).xClose.unwrap())(real(file));
        let ours = file.cast::<File>();
        if !(*ours).path.is_null() {
            drop(Box::from_raw((*ours).path));
            (*ours).path = null_mut();
        }
        result
    }
}

unsafe extern "C" fn xWrite(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    count: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: SQLite hands over `count` bytes.
    unsafe {
        let written = std::slice::from_raw_parts(bytes.cast::<u8>(), count as usize).to_vec();
        note_of(file, What::Write { offset: offset as usize, bytes: written });
        (methods(file).xWrite.unwrap())(real(file), bytes, count, offset)
    }
}

unsafe extern "C" fn xTruncate(file: *mut sqlite3_file, size: i64) -> c_int {
    // SAFETY: as it came.
    unsafe {
        note_of(file, What::Truncate(size as usize));
        (methods(file).xTruncate.unwrap())(real(file), size)
    }
}

unsafe extern "C" fn xSync(file: *mut sqlite3_file, _: c_int) -> c_int {
    // SAFETY: an open file.
    unsafe { note_of(file, What::Sync) };
    SQLITE_OK
}

macro_rules! passed_on {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        $(unsafe extern "C" fn $name(file: *mut sqlite3_file, $($argument: $type),*) $(-> $result)? {
            // SAFETY: as it came.
            unsafe { (methods(file).$name.unwrap())(real(file), $($argument),*) }
        })*

        static METHODS: sqlite3_io_methods = sqlite3_io_methods {
            // The second: with shared memory, without files mapped into memory, whose writes nobody would see.
            iVersion: 2,
            xClose: Some(xClose),
            xWrite: Some(xWrite),
            xTruncate: Some(xTruncate),
            xSync: Some(xSync),
            $($name: Some($name),)*
            xFetch: None,
            xUnfetch: None,
        };
    };
}

passed_on! {
    xRead(bytes: *mut c_void, count: c_int, offset: i64) -> c_int;
    xFileSize(size: *mut i64) -> c_int;
    xLock(level: c_int) -> c_int;
    xUnlock(level: c_int) -> c_int;
    xCheckReservedLock(out: *mut c_int) -> c_int;
    xFileControl(what: c_int, with: *mut c_void) -> c_int;
    xSectorSize() -> c_int;
    xDeviceCharacteristics() -> c_int;
    xShmMap(page: c_int, bytes: c_int, extend: c_int, out: *mut *mut c_void) -> c_int;
    xShmLock(offset: c_int, count: c_int, flags: c_int) -> c_int;
    xShmBarrier();
    xShmUnmap(delete: c_int) -> c_int;
}
