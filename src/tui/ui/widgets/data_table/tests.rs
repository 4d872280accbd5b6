use std::cell::Cell as Counter;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};

use super::*;
use crate::tui::ui::{Look, testing};

const COLUMNS: [Column; 4] = [
    Column::new("name", "Name", Width::Fit { min: 8, max: 30 }),
    Column::new("health", "Health", Width::Fixed(11)),
    Column::new("clusters", "Clusters", Width::Fixed(8)).priority(2).right(),
    Column::new("note", "Note", Width::Fill { min: 6 }).priority(3),
];

#[derive(Clone)]
struct Pcg {
    uid: u32,
    name: String,
    clusters: i64,
}

struct Fleet<'a> {
    items: &'a [Pcg],
    asked: Counter<usize>,
}

fn fleet(items: &[Pcg]) -> Fleet<'_> {
    Fleet { items, asked: Counter::new(0) }
}

impl Rows for Fleet<'_> {
    type Id = u32;

    fn count(&self) -> usize {
        self.items.len()
    }

    fn id(&self, row: usize) -> Option<u32> {
        self.items.get(row).map(|item| item.uid)
    }

    fn cell(&self, row: usize, column: &'static str, glyphs: &Glyphs) -> Cell<'_> {
        self.asked.set(self.asked.get() + 1);
        let item = &self.items[row];
        match column {
            "name" => Cell::new(item.name.as_str()),
            "health" if item.clusters > 9 => Cell::styled(format!("{} Unhealthy", glyphs.bad), Slot::Bad),
            "health" => Cell::styled(format!("{} Healthy", glyphs.good), Slot::Good),
            "clusters" => Cell::new(item.clusters.to_string()),
            _ => Cell::new("moved from the old rack"),
        }
    }

    fn sort_key(&self, row: usize, column: &'static str) -> SortKey<'_> {
        match (column, &self.items[row]) {
            ("clusters", item) => SortKey::Number(item.clusters),
            (_, item) => SortKey::Text(item.name.as_str().into()),
        }
    }
}

fn pcgs() -> Vec<Pcg> {
    let named = [("berlin-1", 12), ("berlin-10", 7), ("berlin-2", 7), ("東京", 3), ("lab\u{1b}[31m", 0)];
    named.into_iter().zip(1..).map(|((name, clusters), uid)| Pcg { uid, name: name.into(), clusters }).collect()
}

fn many(count: u32) -> Vec<Pcg> {
    (0..count).map(|uid| Pcg { uid, name: format!("gateway-{uid:06}"), clusters: i64::from(uid % 9) }).collect()
}

fn table(items: &[Pcg]) -> DataTable<u32> {
    let mut table = DataTable::new(COLUMNS);
    table.refresh(&fleet(items));
    table
}

fn press(table: &mut DataTable<u32>, keys: &str, items: &[Pcg]) {
    for key in keys.split(' ') {
        assert!(table.on_key(key.parse().unwrap(), 4, &fleet(items)), "{key}");
    }
}

fn names(table: &DataTable<u32>, items: &[Pcg]) -> Vec<String> {
    table.order.iter().map(|row| items[*row as usize].name.clone()).collect()
}

#[test]
fn the_cursor_follows_its_row_through_sorting_and_refreshing() {
    let mut items = pcgs();
    let mut table = table(&items);
    press(&mut table, "down down", &items);
    assert_eq!(table.selected(), Some(&3));
    table.set_sort(Some(("name", Direction::Descending)), &fleet(&items));
    assert_eq!(table.selected(), Some(&3));
    items.insert(0, Pcg { uid: 9, name: "zürich".into(), clusters: 1 });
    table.refresh(&fleet(&items));
    assert_eq!((table.selected(), table.selected_row()), (Some(&3), Some(3)));
}

#[test]
fn when_the_selected_row_goes_its_neighbour_takes_its_place() {
    let mut items = pcgs();
    let mut table = table(&items);
    press(&mut table, "down", &items);
    items.remove(1);
    table.refresh(&fleet(&items));
    assert_eq!(table.selected(), Some(&3));
    press(&mut table, "end", &items);
    items.pop();
    table.refresh(&fleet(&items));
    assert_eq!(table.selected(), Some(&4));
    table.refresh(&fleet(&[]));
    assert_eq!((table.selected(), table.selected_row()), (None, None));
    table.refresh(&fleet(&items));
    assert_eq!(table.selected(), Some(&1));
}

#[test]
fn sorting_is_natural_and_names_break_ties() {
    let items = pcgs();
    let mut table = table(&items);
    table.set_sort(Some(("name", Direction::Ascending)), &fleet(&items));
    assert_eq!(names(&table, &items)[..3], ["berlin-1", "berlin-2", "berlin-10"]);
    table.set_sort(Some(("clusters", Direction::Descending)), &fleet(&items));
    assert_eq!(names(&table, &items)[..3], ["berlin-1", "berlin-2", "berlin-10"]);
    table.set_sort(None, &fleet(&items));
    assert_eq!(names(&table, &items)[..3], ["berlin-1", "berlin-10", "berlin-2"]);
}

#[test]
fn filters_negate_and_look_in_one_column() {
    let items = pcgs();
    let mut table = table(&items);
    let mut filtered = |text: &str| {
        table.set_filter(text, &fleet(&items));
        (table.shown(), table.summary())
    };
    assert_eq!(filtered("BERLIN"), (3, "3 of 5".into()));
    assert_eq!(filtered("berlin !unhealthy"), (2, "2 of 5".into()));
    assert_eq!(filtered("clusters:7"), (2, "2 of 5".into()));
    assert_eq!(filtered("Health:unhealthy"), (1, "1 of 5".into()));
    assert_eq!(filtered("!name:berlin"), (2, "2 of 5".into()));
    assert_eq!(filtered("ftp://x"), (0, "0 of 5".into()));
    assert_eq!(filtered(" ! "), (5, "5".into()));
}

#[test]
fn a_filter_keeps_the_cursor_where_it_can_else_goes_to_the_top() {
    let items = pcgs();
    let mut table = table(&items);
    press(&mut table, "down down", &items);
    table.set_filter("berlin", &fleet(&items));
    assert_eq!(table.selected(), Some(&3));
    table.set_filter("berlin-1", &fleet(&items));
    assert_eq!(table.selected(), Some(&1));
    table.set_filter("nothing", &fleet(&items));
    assert_eq!(table.selected(), None);
}

#[test]
fn keys_move_by_line_page_and_end() {
    let items = many(20);
    let mut table = table(&items);
    press(&mut table, "page-down page-down up", &items);
    assert_eq!(table.selected(), Some(&5));
    press(&mut table, "end down", &items);
    assert_eq!(table.selected(), Some(&19));
    assert!(table.is_near_end(0));
    press(&mut table, "g up", &items);
    assert_eq!(table.selected(), Some(&0));
    assert!(!table.is_near_end(10));
    assert!(!table.on_key("enter".parse().unwrap(), 4, &fleet(&items)));
    assert!(table.select(&7, &fleet(&items)) && !table.select(&99, &fleet(&items)));
    assert_eq!(table.selected(), Some(&7));
}

#[test]
fn scrolling_moves_no_more_than_it_must() {
    let items = many(50);
    let mut table = table(&items);
    press(&mut table, "down down down down", &items);
    assert_eq!(table.window(4), 1);
    press(&mut table, "up up up", &items);
    assert_eq!(table.window(4), 1, "moving up inside of the window scrolls nothing");
    press(&mut table, "end", &items);
    assert_eq!(table.window(4), 46);
    assert_eq!(table.window(60), 0, "a higher window is filled");
}

#[test]
fn rows_that_arrive_above_the_screen_do_not_move_it() {
    let mut items = many(50);
    let mut table = table(&items);
    press(&mut table, "page-down page-down page-down up", &items);
    let shown = (table.window(4), table.selected().copied());
    assert_eq!(shown, (6, Some(8)));
    items.insert(0, Pcg { uid: 900, name: "new".into(), clusters: 0 });
    table.refresh(&fleet(&items));
    assert_eq!((table.window(4), table.selected().copied()), (7, Some(8)));
    table.select_first(&fleet(&items));
    items.insert(0, Pcg { uid: 901, name: "newer".into(), clusters: 0 });
    table.refresh(&fleet(&items));
    assert_eq!((table.window(4), table.selected().copied()), (0, Some(900)), "at the top the new row is seen");
}

#[test]
fn only_the_rows_on_the_screen_are_asked() {
    let items = many(100_000);
    let mut table = table(&items);
    press(&mut table, "end", &items);
    let rows = fleet(&items);
    let drawn = testing::draw(80, 24, |area, buf, look| table.render(area, buf, &rows, "", look));
    assert_eq!(rows.asked.get(), 23 * COLUMNS.len());
    assert!(testing::lines(&drawn)[23].contains("gateway-099999"));
}

fn view(area: Rect, buf: &mut Buffer, look: &Look) {
    let items = pcgs();
    let mut table = table(&items);
    table.set_sort(Some(("name", Direction::Ascending)), &fleet(&items));
    table.render(area, buf, &fleet(&items), "", look);
}

#[test]
fn views() {
    insta::assert_debug_snapshot!("table", testing::draw(60, 7, view));
    insta::assert_debug_snapshot!("table_narrow", testing::draw(30, 7, view));
    insta::assert_debug_snapshot!(
        "table_plain",
        testing::draw_plain(60, 4, |area, buf, look| {
            let items: Vec<Pcg> = pcgs().into_iter().take(3).collect();
            table(&items).render(area, buf, &fleet(&items), "", look);
        })
    );
    insta::assert_debug_snapshot!(
        "table_empty",
        testing::draw(30, 3, |area, buf, look| table(&[]).render(area, buf, &fleet(&[]), "No gateways yet.", look))
    );
}

#[test]
fn a_title_gives_way_to_the_arrow() {
    let items = pcgs();
    let mut table = table(&items);
    table.set_sort(Some(("clusters", Direction::Descending)), &fleet(&items));
    let drawn = testing::draw(60, 3, |area, buf, look| table.render(area, buf, &fleet(&items), "", look));
    assert!(testing::lines(&drawn)[0].contains(" Cluster▾ "), "{:?}", testing::lines(&drawn));
}

#[test]
fn any_size_is_fine() {
    testing::sweep(view);
    let items = many(30);
    let mut table = table(&items);
    press(&mut table, "end", &items);
    testing::sweep(|area, buf, look| table.render(area, buf, &fleet(&items), "", look));
    testing::sweep_cursor(|area| table.cursor(area));
}

/// What a real terminal receives when the cursor moves by a row and by a page, in a table that fills 120 by 40.
#[test]
fn a_cursor_move_stays_below_five_hundred_bytes_and_a_page_below_four_thousand() {
    let items = many(100);
    let mut table = table(&items);
    let area = Rect::new(0, 0, 120, 40);
    let written = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let options = TerminalOptions { viewport: Viewport::Fixed(area) };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(Sink(written.clone())), options).unwrap();
    let mut frame = |table: &DataTable<u32>| {
        written.borrow_mut().clear();
        let draw = |frame: &mut ratatui::Frame<'_>| {
            table.render(area, frame.buffer_mut(), &fleet(&items), "", &testing::LOOK);
        };
        terminal.draw(draw).unwrap();
        written.borrow().len()
    };
    assert!(frame(&table) > 2000, "the first frame is whole");
    press(&mut table, "down", &items);
    let moved = frame(&table);
    assert!((30..=500).contains(&moved), "{moved} bytes");
    assert!(table.on_key("page-down".parse().unwrap(), 39, &fleet(&items)));
    let paged = frame(&table);
    assert!((500..=4096).contains(&paged), "{paged} bytes");
}

struct Sink(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
