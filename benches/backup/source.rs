//! A file over and over.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use palette_console::backup::Source;
use palette_console::backup::sources::Opened;

/// So many bytes of a file, from its beginning again where it ends.
pub struct Repeated {
    pub path: PathBuf,
    pub bytes: u64,
}

impl Source for Repeated {
    fn stream(&self) -> &str {
        "state"
    }

    fn open(&mut self, _: &Path) -> Result<Opened, String> {
        let file = File::open(&self.path).map_err(|error| error.to_string())?;
        Ok(Opened { reader: Box::new(Endless(file).take(self.bytes)), bytes: Some(self.bytes) })
    }
}

struct Endless(File);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => {
                self.0.rewind()?;
                self.0.read(buffer)
            }
            read => Ok(read),
        }
    }
}
