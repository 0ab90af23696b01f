// Package admission decides who is in the pools of a realm, and what the router
// is asked for that.
//
// It is a pure state machine, as package dealer is: no goroutine, lock, channel,
// clock, source of randomness, logger or I/O. The driver, package proxy, tells it
// what happened (an event: a method of [Registrar], with the time as an argument),
// takes the list of [Action] that it returns, in order, says [Registrar.Done] and
// brings the next event. It panics if an event begins before that.
//
//	callee ──REGISTER──▶ Register ──▶ is its role admitted? ──▶ Pass
//	                                  └▶ Ask: the pool's own REGISTER, on a link
//	router ─REGISTERED─▶ Registered ─▶ Probe: the callee's own REGISTER
//	router ───ERROR────▶ ProbeRefused ─▶ Join, or Deny
//
// A client's session is a [SessionID], a pool session a [LinkID], a pool a key.
// Messages are opaque. The request IDs on a pool session are given out here; those
// in a client's session at the router are counted by the driver, in the order of
// the actions, which say whether a REGISTER has its own ID there, an inserted one
// or none. A client session's first REGISTER for a pool makes it known here; until
// then, nothing of it concerns the registrar.
//
// A callee is admitted if it has the role of those who may join, and the router
// refuses its own REGISTER for no other reason than that the pool holds the
// procedure already: so a callee gets no right that the router would not give it.
// Rules may change ([Registrar.Reconfigure]): who is in a pool stays, but for those
// whom a new admit excludes. Pools may drain ([Registrar.DrainPool], [Registrar.Drain]):
// their registrations at the router are given up, so that the router has others serve
// them, and nobody joins until that is undone; who is in one stays.
//
// Who gets a call is decided by package dealer, which does what Join, Leave, Reform, Expel,
// OpenPool, ClosePool and RevokePool say, and tells when a pool has lost its last
// callee and the time to linger is over (Released).
//
// # A REGISTER for a pool
//
//	            its role is known            registration      REGISTER sent
//	                and admitted                  is held
//	awaitingLink ───────────────▶ awaitingPool ───────────┬──▶ probing
//	     │                          ▲    │                │      ▲ │ │
//	     │ not admitted             │    │ paced          │ turn │ │ │
//	     ▼                          │    ▼                │      │ │ │
//	   PassLate                     │  awaitingTurn ──────┴──────┘ │ │
//	                                │     registration was lost    │ │
//	                                ├◀─────────────────────────────┼─┤
//	                                │                   REGISTERED │ │ ERROR: exists
//	                                │ registration was lost,       ▼ ├────────────▶ Join
//	                                └─ at most 3 probes ◀── undoing ─┘
//	                                                       UNREGISTERED, ERROR,
//	                                                       registration stands
//
//	any of them ── Deny: no admission, any other ERROR, no room, no answer in
//	               RegisterPatience; Part: no answer at all ──▶ over
//	probing ── so ──▶ lateProbing ── ERROR, or the session has ended ──▶ over
//	                       └─ REGISTERED ──▶ lateUndoing
//	undoing ── so ──▶ lateUndoing ── UNREGISTERED, ERROR ──▶ over
//	late ── CloseSession ──▶ over
//
// From awaitingTurn a REGISTER whose pool's registration was lost meanwhile goes
// back to awaitingPool. An answer to a probe in any other stage than the one that
// waits for it is none, and changes nothing. While a session has REGISTERs without
// an answer, its other messages are held, and are let go in their order when all
// of them are settled. Further REGISTERs for pools join those that are pending,
// unless something is held in front of them, or they repeat an ID:
//
//	pending                          held
//	REGISTER p  REGISTER q  REGISTER r │ CALL  PUBLISH  REGISTER s  CALL
//
// Probes leave in the order in which they become ready. One that is ready before
// those in front of it takes its turn, and they get inserted IDs later on: at the
// router, a session's IDs have no gap and never go back ("IDs", #name-ids; "Protocol
// Errors", #name-protocol-errors). One that the router does
// not answer in time outlives its REGISTER: what is then still granted is given
// back, while its session is there.
//
// # A claim: a pool's registration at the router
//
//	           want                turn            REGISTERED
//	   idle ─────────▶ queued ────────────▶ asking ──────────▶ held
//	    ▲               ▲  ▲ ▲   REGISTER  │  │ ▲ │              │
//	    │       link up │  │ └─────────────┘  │ │ │ unwant       │ revoked:
//	    │  away ────────┘  │    no answer     │ │ │ want         │ queued
//	    │                  │ time             │ │ ▼              │
//	    │                  └────── resting ◀──┘ withdrawn        │ unwant
//	    │                             ERROR        │  │          ▼
//	    ├◀─────────────────────────────────────────┘  └──────▶ ending ── want ──▶ held
//	    │                         ERROR, no answer  REGISTERED   │
//	    │    UNREGISTERED, ERROR, no answer                      │ turn: UNREGISTER
//	    └◀──────────────── leaving ◀─────────────────────────────┘
//	                         │  ▲
//	                    want ▼  │ unwant
//	                       returning ── UNREGISTERED, ERROR, no answer ──▶ queued
//
//	                 idle   away    queued  asking     resting  held      returning  withdrawn  ending  leaving
//	want             queued ·       ·       ·          queued   ·         ·          asking     held    returning
//	unwant           ·      idle    idle    withdrawn  idle     ending    leaving    ·          ·       ·
//	REGISTERED       ending –       held    held       held     given back, if it is another one: all four …
//	  of ours                                                              … of which withdrawn becomes ending
//	ERROR of ours    ·      –       ·       resting    ·        ·         ·          idle       ·       ·
//	no answer        ·      –       ·       queued     ·        ·         queued     idle       ·       idle
//	UNREGISTERED     ·      –       ·       ·          ·        ·         queued     ·          ·       idle
//	revoked          ·      –       ·       ·          ·        queued    queued     ·          idle    idle
//	link down        ·      ·       away    away       away     away      away       idle       idle    idle
//	link up          ·      queued  –       –          –        –         –          –          –       –
//	moved            ·      queued where the link is up, else away: from away, queued and resting alone
//	                 ("·": nothing changes; "–": can't be)
//
// A registration is wanted from the first callee on that may join the pool, until the
// pool is closed, but not while it drains; whoever comes new does not wait for the pause of a
// resting one. A router that gives one registration to two pools errs: both of them
// hold it, and its calls are the second one's. Where nothing is at the router, what is wanted is queued while its link
// is up, and away else. In its turn it is asked for as far as the link may ask:
// pace.go. An ERROR that says that the procedure exists, after an answer was lost,
// may mean this very session: then the link is begun anew as well (ask.go). When
// the first claim of a pool gets ERROR, those who wait for it are denied; when the
// router had revoked it before, all callees are told, unless somebody's probe is under
// way, or has been: that may have taken the procedure for a moment.
//
// # A link
//
//	        WELCOME          Renew, GOODBYE
//	 down ───────────▶ up ─────────────────▶ ending: nothing is asked
//	  ▲ │               │ its session ends     │
//	  │ │               ▼                      ▼
//	  └─┼───────────────┴──────────────────────┘
//	    └─ turned away, and never was up: its pools go to the first link
//
//	without a claim for LinkIdle ── Idle ── Retire ──▶ closed
//
// # What holds after every event
//
//   - Nobody is in a pool without the role, and the router's own answer to a probe
//     of its own.
//   - Each REGISTER has one of Join, Deny, PassLate and Pass, once, or its session
//     has ended.
//   - What is held keeps its order, and is let go once.
//   - A registration that the router has granted is held by a pool that wants it,
//     or is given back, or ends with its session. An answer that comes later than
//     256 others that were taken as lost is none.
//   - Whatever a peer does, in whatever order, nothing panics. A panic is a fault of
//     this package or its driver: [Registrar.Audit] tells whether the books agree
//     then, and [Registrar.Restart] begins anew with what is certain.
//   - Time: [Registrar.Deadline] is the earliest moment at which time alone changes
//     something. An event costs what it concerns, and O(log n) for its timers.
package admission
