//! The load generator: one thread, one epoll, keep-alive connections, requests rendered beforehand.
//!
//! Closed: each connection sends its next request when the answer is whole. That asks for all a proxy can give and is
//! for costs, not for latencies. Open: requests fall due at a fixed rate whatever the proxy does, and the latency
//! counts from when a request was due, not from when a connection was free to send it: a stall is felt by everyone who
//! would have come meanwhile (no coordinated omission).

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};
use socket2::{Domain, Socket, Type};

use crate::trouble::{Tried, Trouble};
use crate::wire;

/// Nothing measured takes longer to answer.
const PATIENCE: Duration = Duration::from_secs(10);
const TIMER: u64 = u64::MAX;

/// Connections to one proxy and what is sent on them.
pub(crate) struct Driver<'a> {
    epoll: OwnedFd,
    connections: Vec<Connection>,
    requests: &'a [Vec<u8>],
    next: usize,
    block: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    /// Index of the request under way.
    request: usize,
    sent: usize,
    received: Vec<u8>,
    /// When the request under way was due.
    due: Option<Instant>,
    /// Asked to be told when there is room to send.
    blocked: Option<()>,
}

/// What one event led to.
enum Step {
    Waiting,
    /// The answer is whole; the request had been due then.
    Answered(Instant),
}

impl<'a> Driver<'a> {
    /// Connects `count` times.
    pub(crate) fn open(proxy: SocketAddr, count: usize, requests: &'a [Vec<u8>]) -> Tried<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut connections = Vec::with_capacity(count);
        for number in 0..count {
            let stream = connect(proxy, IpAddr::V4(Ipv4Addr::LOCALHOST))?;
            stream.set_nonblocking(true)?;
            let data = epoll::EventData::new_u64(number as u64);
            epoll::add(&epoll, &stream, data, epoll::EventFlags::IN)?;
            let received = Vec::with_capacity(1 << 10);
            connections.push(Connection { stream, request: 0, sent: 0, received, due: None, blocked: None });
        }
        if requests.is_empty() || connections.is_empty() {
            return Err(Trouble::new("a load needs a request and a connection"));
        }
        Ok(Self { epoll, connections, requests, next: 0, block: vec![0; 64 << 10] })
    }

    /// Closed loop for `length`, then waits for the last answers, so that the proxy rests when the caller looks at
    /// what it cost. How many were answered.
    pub(crate) fn closed(&mut self, length: Duration) -> Tried<u64> {
        let end = Instant::now() + length;
        let mut answered = 0;
        let mut under_way = self.connections.len();
        for number in 0..self.connections.len() {
            self.send(number, Instant::now())?;
        }
        let mut events = Vec::with_capacity(256);
        while under_way > 0 {
            self.wait(&mut events, Instant::now() > end + PATIENCE)?;
            let is_over = Instant::now() >= end;
            for event in events.drain(..) {
                let number = event.data.u64() as usize;
                if let Step::Answered(_) = self.step(number)? {
                    answered += 1;
                    if is_over {
                        under_way -= 1;
                    } else {
                        self.send(number, Instant::now())?;
                    }
                }
            }
        }
        Ok(answered)
    }

    /// Open loop: `rate` requests a second for `length`. Nanoseconds from due to answered, one for each request.
    pub(crate) fn open_loop(&mut self, rate: u32, length: Duration) -> Tried<Vec<u64>> {
        let period = Duration::from_secs(1) / rate.max(1);
        let all = (length.as_secs_f64() * f64::from(rate)) as usize;
        let timer = ticking(period)?;
        epoll::add(&self.epoll, &timer, epoll::EventData::new_u64(TIMER), epoll::EventFlags::IN)?;
        let start = Instant::now();
        let mut free: VecDeque<usize> = (0..self.connections.len()).collect();
        let mut latencies = Vec::with_capacity(all);
        let (mut sent, mut events) = (0_u32, Vec::with_capacity(256));
        while latencies.len() < all {
            self.wait(&mut events, start.elapsed() > length + PATIENCE)?;
            for event in events.drain(..) {
                if event.data.u64() == TIMER {
                    rustix::io::read(&timer, &mut [0; 8])?;
                    continue;
                }
                let number = event.data.u64() as usize;
                if let Step::Answered(due) = self.step(number)? {
                    latencies.push(due.elapsed().as_nanos() as u64);
                    free.push_back(number);
                }
            }
            while (sent as usize) < all && start + period * sent <= Instant::now() {
                let Some(number) = free.pop_front() else { break };
                self.send(number, start + period * sent)?;
                sent += 1;
            }
        }
        epoll::delete(&self.epoll, &timer)?;
        Ok(latencies)
    }

    fn wait(&mut self, events: &mut Vec<epoll::Event>, is_late: bool) -> Tried<()> {
        if is_late {
            return Err(Trouble::new("an answer did not come within 10 s"));
        }
        let second = Timespec { tv_sec: 1, tv_nsec: 0 };
        match epoll::wait(&self.epoll, spare_capacity(events), Some(&second)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Begins the next request on this connection.
    fn send(&mut self, number: usize, due: Instant) -> Tried<()> {
        let request = self.next % self.requests.len();
        self.next += 1;
        let connection = found(&mut self.connections, number)?;
        (connection.request, connection.sent, connection.due) = (request, 0, Some(due));
        self.push(number)
    }

    /// Writes what there is room for.
    fn push(&mut self, number: usize) -> Tried<()> {
        let connection = found(&mut self.connections, number)?;
        let request = self.requests.get(connection.request).map_or(&[][..], Vec::as_slice);
        let data = epoll::EventData::new_u64(number as u64);
        while let Some(rest) = request.get(connection.sent..).filter(|rest| !rest.is_empty()) {
            match connection.stream.write(rest) {
                Ok(written) => connection.sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if connection.blocked.replace(()).is_none() {
                        let both = epoll::EventFlags::IN | epoll::EventFlags::OUT;
                        epoll::modify(&self.epoll, &connection.stream, data, both)?;
                    }
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
        if connection.blocked.take().is_some() {
            epoll::modify(&self.epoll, &connection.stream, data, epoll::EventFlags::IN)?;
        }
        Ok(())
    }

    /// Goes on with one connection: sends what is left, takes what has come.
    fn step(&mut self, number: usize) -> Tried<Step> {
        if found(&mut self.connections, number)?.blocked.is_some() {
            self.push(number)?;
        }
        let connection = found(&mut self.connections, number)?;
        let taken = match connection.stream.read(&mut self.block) {
            Ok(0) => return Err(Trouble::new("the proxy closed a connection in the middle")),
            Ok(taken) => taken,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Step::Waiting),
            Err(error) => return Err(error.into()),
        };
        connection.received.extend_from_slice(self.block.get(..taken).unwrap_or_default());
        let Some(answer) = wire::answer(&connection.received)? else { return Ok(Step::Waiting) };
        if answer.status != 200 || answer.bytes != connection.received.len() {
            let text = String::from_utf8_lossy(&connection.received).into_owned();
            return Err(Trouble::new(format!("a good request was answered\n{text}")));
        }
        connection.received.clear();
        let due = connection.due.take().ok_or_else(|| Trouble::new("an answer nobody asked for"))?;
        Ok(Step::Answered(due))
    }
}

fn found(connections: &mut [Connection], number: usize) -> Tried<&mut Connection> {
    connections.get_mut(number).ok_or_else(|| Trouble::new("an event for a connection that is not there"))
}

/// A clock that becomes readable every `period`; exact where a timeout of epoll is not.
fn ticking(period: Duration) -> Tried<OwnedFd> {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
    let period = Timespec { tv_sec: period.as_secs() as i64, tv_nsec: period.subsec_nanos().into() };
    let times = Itimerspec { it_interval: period, it_value: period };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &times)?;
    Ok(timer)
}

/// A connection from one of the loopback addresses.
fn connect(proxy: SocketAddr, from: IpAddr) -> Tried<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect_timeout(&proxy.into(), Duration::from_secs(2))?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends one request from `from`: the status of its answer, and the answer.
pub(crate) fn ask(proxy: SocketAddr, from: IpAddr, request: &[u8]) -> Tried<(u16, String)> {
    ask_patiently(proxy, from, request, PATIENCE)
}

/// The same, for answers that take long.
pub(crate) fn ask_patiently(
    proxy: SocketAddr,
    from: IpAddr,
    request: &[u8],
    patience: Duration,
) -> Tried<(u16, String)> {
    let mut stream = connect(proxy, from)?;
    stream.set_read_timeout(Some(patience))?;
    // A refusal may come, and the connection end, before a large body is taken whole.
    let sent = stream.write_all(request);
    let (mut received, mut block) = (Vec::new(), [0; 4096]);
    loop {
        let taken = stream.read(&mut block)?;
        received.extend_from_slice(block.get(..taken).unwrap_or_default());
        if let Some(answer) = wire::answer(&received).unwrap_or_default() {
            return Ok((answer.status, String::from_utf8_lossy(&received).into_owned()));
        }
        if taken == 0 {
            sent?;
            return Err(Trouble::new("closed without an answer"));
        }
    }
}
