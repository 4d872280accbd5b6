//! The cases, in groups: bytes, absence, listings, names, deleting, several at once, what is dropped.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all};
use palette_console::storage::{Kind, LARGEST_OBJECT};

use super::{Ground, Work, noise};

/// How the objects are called whose writers went away.
pub const DROPPED: &str = "dropped-";

macro_rules! cases {
    ($($name:ident: |$ground:ident| $body:block)*) => {
        $(
            fn $name<'a>($ground: &'a Ground) -> BoxFuture<'a, ()> {
                Box::pin(async move $body)
            }
        )*
        pub const CASES: &[(&str, Work)] = &[$((stringify!($name), $name)),*];
    };
}

cases! {
    what_is_written_is_read: |ground| {
        ground.put("a", "hello").await;
        assert_eq!(ground.get("a").await, "hello");
    }

    one_byte: |ground| {
        ground.put("one", vec![0]).await;
        assert_eq!(ground.get("one").await.as_ref(), [0]);
    }

    nothing_at_all: |ground| {
        ground.put("empty", Bytes::new()).await;
        assert_eq!((ground.get("empty").await.len(), ground.size("empty").await), (0, Some(0)));
    }

    every_byte_value: |ground| {
        let all: Vec<u8> = (0..=255).cycle().take(1024).collect();
        ground.put("bytes", all.clone()).await;
        assert_eq!(ground.get("bytes").await, all);
    }

    line_ends_stay_as_they_are: |ground| {
        let text = b"a\nb\r\nc\rd\n\re\r\r\n\n\x1a\x04\xff\xff\xf2".as_slice();
        ground.put("lines", text).await;
        assert_eq!(ground.get("lines").await, text);
    }

    dots_at_the_beginning_of_a_line_stay: |ground| {
        ground.put("dots", "\r\n.\r\n..\r\n.\r\n").await;
        assert_eq!(ground.get("dots").await, "\r\n.\r\n..\r\n.\r\n");
    }

    five_megabytes: |ground| {
        let bytes = noise(5, 5 << 20);
        ground.put("five", bytes.clone()).await;
        assert!(ground.get("five").await == bytes);
    }

    a_whole_segment: |ground| {
        let bytes = noise(32, ground.scale.large());
        ground.put("segment", bytes.clone()).await;
        assert_eq!(ground.size("segment").await, Some(bytes.len() as u64));
        assert!(ground.get("segment").await == bytes);
    }

    odd_sizes_around_buffers: |ground| {
        for size in [4095, 4096, 4097, 65_535, 65_536, 65_537, 131_071, 131_073] {
            let (name, bytes) = (format!("s{size}"), noise(size as u64, size));
            ground.put(&name, bytes.clone()).await;
            assert!(ground.get(&name).await == bytes, "{size}");
        }
    }

    the_size_is_told: |ground| {
        ground.put("sized", vec![7; 12_345]).await;
        assert_eq!(ground.size("sized").await, Some(12_345));
    }

    what_is_missing_has_no_size: |ground| {
        assert_eq!(ground.size("missing").await, None);
        ground.put("here", "x").await;
        assert_eq!(ground.size("missing").await, None);
        assert_eq!(ground.size("deep/down/missing").await, None);
    }

    what_is_missing_is_not_found: |ground| {
        let error = ground.store.get(&ground.at("missing"), 10).await.unwrap_err();
        assert_eq!(error.kind, Kind::NotFound, "{error:?}");
        assert!(error.operation.contains("missing"), "{error:?}");
    }

    what_is_missing_in_a_missing_folder_is_not_found: |ground| {
        let error = ground.store.get(&ground.at("no/such/folder/x"), 10).await.unwrap_err();
        assert_eq!(error.kind, Kind::NotFound, "{error:?}");
    }

    a_beginning_of_a_name_is_not_the_object: |ground| {
        ground.put("manifest.json", "x").await;
        assert_eq!(ground.size("manifest").await, None);
        assert_eq!(ground.store.get(&ground.at("manifest.jso"), 9).await.unwrap_err().kind, Kind::NotFound);
    }

    a_folder_is_no_object: |ground| {
        ground.put("folder/inner", "x").await;
        let got = ground.store.get(&ground.at("folder"), 10).await;
        assert!(got.is_err(), "{got:?}");
        assert_eq!(ground.get("folder/inner").await, "x");
    }

    more_than_the_most_is_refused: |ground| {
        ground.put("long", vec![1; 70_000]).await;
        let error = ground.store.get(&ground.at("long"), 69_999).await.unwrap_err();
        assert_eq!(error.kind, Kind::Mismatch, "{error:?}");
        assert_eq!(ground.store.get(&ground.at("long"), 70_000).await.unwrap().len(), 70_000);
    }

    the_store_goes_on_after_a_refused_read: |ground| {
        ground.put("large", noise(9, 3 << 20)).await;
        for _ in 0..3 {
            assert!(ground.store.get(&ground.at("large"), 1000).await.is_err());
            ground.put(&format!("n{}", fastrand::u32(..)), "x").await;
        }
        assert_eq!(ground.get("large").await.len(), 3 << 20);
    }

    a_missing_folder_is_empty: |ground| {
        assert_eq!(ground.list("no/such/folder").await, (vec![], vec![]));
        assert!(ground.walk("no/such/folder").await.is_empty());
    }

    objects_are_listed_by_path: |ground| {
        for name in ["c", "a", "b"] {
            ground.put(name, name).await;
        }
        assert_eq!(ground.list("").await, (vec!["a".into(), "b".into(), "c".into()], vec![]));
    }

    folders_are_listed_by_name: |ground| {
        for path in ["z/1", "a/1", "m/deep/1", "m/2", "file"] {
            ground.put(path, "x").await;
        }
        let expected = (vec!["file".to_owned()], vec!["a".to_owned(), "m".to_owned(), "z".to_owned()]);
        assert_eq!(ground.list("").await, expected);
    }

    a_listing_does_not_look_deeper: |ground| {
        ground.put("top/inner/bottom", "x").await;
        assert_eq!(ground.list("top").await, (vec![], vec!["inner".to_owned()]));
    }

    a_listing_tells_sizes: |ground| {
        for (name, size) in [("ten", 10), ("thousand", 1000)] {
            ground.put(name, vec![0; size]).await;
        }
        let listing = ground.store.list(&ground.folder).await.unwrap();
        assert!(listing.entries.iter().map(|entry| entry.bytes).eq([Some(10), Some(1000)]), "{listing:?}");
    }

    a_listing_has_no_strangers_of_its_own: |ground| {
        ground.put("folder/one", "x").await;
        ground.put("two", "x").await;
        let (list, walk) = (ground.store.list(&ground.folder).await, ground.store.walk(&ground.folder).await);
        assert!(list.unwrap().strangers.is_empty() && walk.unwrap().strangers.is_empty());
    }

    a_folder_whose_name_begins_like_another: |ground| {
        ground.put("ab/1", "x").await;
        ground.put("abc/2", "x").await;
        ground.put("ab.d", "x").await;
        assert_eq!(ground.list("ab").await, (vec!["1".to_owned()], vec![]));
        assert_eq!(ground.walk("ab").await, ["1"]);
    }

    a_walk_finds_everything_below: |ground| {
        let paths = ["a", "b/c", "b/d/e", "b/d/f.json", "g/h/i/j"];
        for path in paths {
            ground.put(path, path).await;
        }
        assert_eq!(ground.walk("").await, paths);
        assert_eq!(ground.walk("b").await, ["c", "d/e", "d/f.json"]);
    }

    a_walk_tells_sizes: |ground| {
        ground.put("x/y/sized", vec![0; 321]).await;
        let listing = ground.store.walk(&ground.folder).await.unwrap();
        assert!(listing.entries.iter().map(|entry| entry.bytes).eq([Some(321)]), "{listing:?}");
    }

    many_objects_in_one_folder: |ground| {
        let names: Vec<String> = (0..ground.scale.many()).map(|n| format!("s-plane-{n:05}.seg")).collect();
        for some in names.chunks(4) {
            join_all(some.iter().map(|name| ground.put(name, name.clone()))).await;
        }
        assert_eq!(ground.list("").await, (names.clone(), vec![]));
        assert_eq!(ground.walk("").await, names);
    }

    many_folders: |ground| {
        let names: Vec<String> = (0..60).map(|n| format!("20261122T0300{n:02}Z-4f1c9a2b7d3e")).collect();
        for name in &names {
            ground.put(&format!("{name}/manifest.json"), "{}").await;
        }
        assert_eq!(ground.list("").await, (vec![], names));
    }

    names_of_every_allowed_character: |ground| {
        for name in ["a.b_c-d", "-dash", "_under", "A-Z.az.09", "x..y", "trailing.", "UPPER", "0"] {
            ground.put(name, name).await;
            assert_eq!(ground.get(name).await, name);
            assert!(ground.list("").await.0.contains(&name.to_owned()), "{name}");
        }
    }

    the_longest_name: |ground| {
        let name = "n".repeat(64);
        ground.put(&name, "x").await;
        assert_eq!(ground.list("").await.0, [name]);
    }

    upper_and_lower_case_are_told_apart: |ground| {
        ground.put("name", "lower").await;
        ground.put("NAME", "UPPER").await;
        assert_eq!((ground.get("name").await, ground.get("NAME").await), ("lower".into(), "UPPER".into()));
    }

    deep_folders: |ground| {
        ground.put("a/b/c/d/e/f/g/h", "deep").await;
        assert_eq!(ground.get("a/b/c/d/e/f/g/h").await, "deep");
        assert_eq!(ground.list("a/b/c/d/e/f/g").await.0, ["h"]);
    }

    what_is_deleted_is_gone: |ground| {
        ground.put("gone", "x").await;
        ground.delete("gone").await;
        assert_eq!(ground.size("gone").await, None);
        assert_eq!(ground.list("").await.0, Vec::<String>::new());
        assert_eq!(ground.store.get(&ground.at("gone"), 9).await.unwrap_err().kind, Kind::NotFound);
    }

    deleting_twice_is_deleting_once: |ground| {
        ground.put("twice", "x").await;
        ground.delete("twice").await;
        ground.delete("twice").await;
    }

    deleting_what_never_was: |ground| {
        ground.delete("never").await;
        ground.delete("nor/its/folder/ever").await;
    }

    deleting_one_leaves_the_others: |ground| {
        for name in ["keep", "drop", "drop.json", "drop-2"] {
            ground.put(name, name).await;
        }
        ground.delete("drop").await;
        assert_eq!(ground.list("").await.0, ["drop-2", "drop.json", "keep"]);
    }

    a_name_can_be_used_again_after_a_delete: |ground| {
        ground.put("again", "first").await;
        ground.delete("again").await;
        ground.put("again", "second, and longer").await;
        assert_eq!(ground.get("again").await, "second, and longer");
    }

    an_empty_folder_goes_quietly: |ground| {
        ground.put("folder/x", "x").await;
        ground.delete("folder/x").await;
        ground.store.delete_folder(&ground.at("folder")).await.unwrap();
        ground.store.delete_folder(&ground.at("folder")).await.unwrap();
        assert_eq!(ground.list("folder").await, (vec![], vec![]));
    }

    a_folder_that_is_not_empty_stays: |ground| {
        ground.put("folder/x", "x").await;
        let _ = ground.store.delete_folder(&ground.at("folder")).await;
        assert_eq!(ground.get("folder/x").await, "x");
    }

    the_same_bytes_again_are_no_harm: |ground| {
        ground.put("same", "same bytes").await;
        ground.put("same", "same bytes").await;
        assert_eq!(ground.get("same").await, "same bytes");
    }

    other_bytes_on_the_same_name_are_whole_or_refused: |ground| {
        let (first, second) = (noise(1, 200_000), noise(2, 200_000));
        ground.put("taken", first.clone()).await;
        let replaced = ground.store.put(&ground.at("taken"), second.clone()).await.is_ok();
        assert!(ground.get("taken").await == if replaced { second } else { first });
    }

    several_writes_at_once: |ground| {
        let writes = (0..8).map(|n| async move {
            ground.put(&format!("w{n}"), noise(n, 300_000)).await;
        });
        join_all(writes).await;
        for n in 0..8 {
            assert!(ground.get(&format!("w{n}")).await == noise(n, 300_000), "{n}");
        }
    }

    reads_and_writes_at_once: |ground| {
        ground.put("source", noise(77, 500_000)).await;
        let reads = join_all((0..4).map(|_| ground.get("source")));
        let writes = join_all((0..4).map(|n| ground.put(Box::leak(format!("t{n}").into_boxed_str()), noise(n, 100_000))));
        let lists = join_all((0..4).map(|_| ground.list("")));
        let (reads, ..) = futures_util::join!(reads, writes, lists);
        assert!(reads.iter().all(|read| *read == noise(77, 500_000)));
        assert_eq!(ground.list("").await.0.len(), 5);
    }

    a_write_that_is_dropped_leaves_the_store_usable: |ground| {
        for wait in [0, 1, 5, 20] {
            let path = ground.at(&format!("{DROPPED}{wait}"));
            let bytes = noise(wait, 4 << 20);
            let write = ground.store.put(&path, bytes.clone());
            let _ = tokio::time::timeout(Duration::from_millis(wait), write).await;
            ground.put(&format!("after-{wait}"), "x").await;
            // There or not, never half.
            if let Some(size) = ground.store.size(&path).await.unwrap() {
                assert_eq!(size, bytes.len() as u64);
            }
            assert_eq!(ground.get(&format!("after-{wait}")).await, "x");
        }
    }

    a_read_that_is_dropped_leaves_the_store_usable: |ground| {
        ground.put("large", noise(3, 4 << 20)).await;
        for wait in [0, 1, 5] {
            let path = ground.at("large");
            let _ = tokio::time::timeout(Duration::from_millis(wait), ground.store.get(&path, LARGEST_OBJECT)).await;
            assert_eq!(ground.size("large").await, Some(4 << 20));
        }
        assert!(ground.get("large").await == noise(3, 4 << 20));
    }

    a_listing_that_is_dropped_leaves_the_store_usable: |ground| {
        ground.put("one", "x").await;
        for wait in [0, 1] {
            let _ = tokio::time::timeout(Duration::from_millis(wait), ground.store.list(&ground.folder)).await;
            assert_eq!(ground.list("").await.0, ["one"]);
        }
    }

    the_address_is_a_line_without_secrets: |ground| {
        let address = ground.store.address();
        assert!(!address.is_empty() && !address.contains(['\n', '\r']) && !address.contains("secret"), "{address}");
    }

    a_sensible_number_of_transfers: |ground| {
        assert!((1..=8).contains(&ground.store.concurrency()));
    }
}
