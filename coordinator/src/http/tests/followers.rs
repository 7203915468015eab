//! Events for whoever follows.

use super::*;

#[test]
fn followers_hear_all_from_where_they_left_off() {
    let site = Site::new();
    let last = site.records.len() as u64;
    assert!(last > TAIL as u64 + 256, "older than what is kept at hand: {last}");
    let all = site.follow("/api/v1/events?after=0", "", site.records.len(), |_| {});
    assert_eq!(all, (1..=last).collect::<Vec<_>>(), "each once, in order, from the ledger and then the tail");
    let resumed =
        site.follow("/api/v1/events?after=0", &format!("Last-Event-ID: {}\r\n", last - 3), 3, |_| {});
    assert_eq!(resumed, [last - 2, last - 1, last], "the header wins");
    let kinds = site.follow("/api/v1/events?after=0&kinds=study_started", "", 1, |_| {});
    assert_eq!(kinds, [1]);
    // Whoever knows of more than there is gets what is new.
    let news = site.follow("/api/v1/events?after=999999999", "", 1, |site| site.append(Event::StudyPaused));
    assert_eq!(news, [last + 1]);
    assert_eq!(site.told::<Study>("/api/v1/study").state, StudyState::Paused);
}

#[test]
fn too_many_followers_are_sent_away_and_their_places_come_back() {
    let site = Site::new();
    let connect = || {
        let mut stream = TcpStream::connect(site.at()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut first = String::new();
        let mut reader = BufReader::new(stream);
        reader.read_line(&mut first).unwrap();
        (first, reader)
    };
    let followers: Vec<_> = (0..FOLLOWERS).map(|_| connect()).collect();
    assert!(followers.iter().all(|(first, _)| first.contains("200")));
    assert_eq!(site.get("/api/v1/events").status, 429);
    assert_eq!(site.get("/api/v1/study").status, 200, "pages are served all the same");
    drop(followers);
    let begun = Instant::now();
    while connect().0.contains("429") {
        // It is noticed with the next word that finds nobody.
        site.append(Event::StudyPaused);
        site.append(Event::StudyResumed);
        assert!(begun.elapsed() < Duration::from_secs(60), "a place is free again");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn whoever_stops_reading_loses_its_place() {
    let records = study(Wishes { finished: false, ..Wishes::default() });
    let site = Site::adjusted("auto", records, |bound| bound.unread = Duration::from_secs(2));
    let ask = || {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        // So small that the kernel does not take all of it in the reader's stead.
        socket.set_recv_buffer_size(4096).unwrap();
        socket.connect(&site.at().into()).unwrap();
        let mut stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET /api/v1/events?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        (String::from_utf8(status.to_vec()).unwrap(), stream)
    };
    let silent: Vec<_> = (0..FOLLOWERS).map(|_| ask()).collect();
    let begun = Instant::now();
    while ask().0.ends_with("429") {
        assert_eq!(site.get("/api/v1/study").status, 200, "others are answered");
        assert!(begun.elapsed() < Duration::from_secs(60), "a place is free again");
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(silent);
}
