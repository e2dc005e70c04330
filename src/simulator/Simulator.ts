import { Clock, Context, Effect, Layer, Schema } from "effect"
import type { Venue } from "../domain/Venue.ts"
import { Connection, type Surroundings } from "./Connection.ts"
import { type FaultCommands, FaultDesk } from "./FaultDesk.ts"
import { Ledger } from "./Ledger.ts"
import type { BookMark } from "./Market.ts"
import * as Server from "./Server.ts"
import { RestDesk } from "./RestDesk.ts"
import { complete, type PartialSimulatorOptions } from "./SimulatorOptions.ts"
import * as Venues from "./venues.ts"

/** The simulator could not start. */
export class SimulatorError extends Schema.TaggedError<SimulatorError>()("SimulatorError", {
  reason: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `the simulator cannot start: ${this.reason}`
  }
}

/** A trade that happened on a market. */
export interface GeneratedTrade {
  /** In the venue's notation. Where trades are sent as one (OKX), each of them has its own. */
  readonly id: string
  /** Milliseconds since the epoch, by the venue's clock. */
  readonly atMillis: number
}

/**
 * A server that speaks the public market-data protocols of the five venues on one port of the loopback interface,
 * misbehaves on command, and knows what it sent.
 */
export class Simulator extends Context.Service<Simulator, {
  readonly port: number
  /** What a recorder's `base_url` must be to connect here, through one of the ports. */
  readonly baseUrl: (endpoint: Venues.Endpoint, listener?: number) => string
  /** Where past trades are asked for over HTTP, before the path. */
  readonly restUrl: (listener?: number) => string
  /** The newest trades of a market, oldest first, whether or not they were sent to anybody; none of an unknown symbol. */
  readonly trades: (venue: Venue, symbol: string) => ReadonlyArray<GeneratedTrade>
  /** The newest changes of its book, likewise. */
  readonly bookChanges: (venue: Venue, symbol: string) => ReadonlyArray<BookMark>
  readonly ledger: Ledger
  readonly faults: FaultCommands
  /** How many connections are open now. */
  readonly openConnections: () => number
  /** Sends what is held back, and lets the markets stand still. Connections stay open and control messages go on. */
  readonly stopTraffic: Effect.Effect<void>
  readonly resumeTraffic: Effect.Effect<void>
  /** Lets one market make this many steps at once, each with one book message and on average one fill. */
  readonly produce: (venue: Venue, symbol: string, steps: number) => Effect.Effect<void>
  /** Waits until the ledger satisfies the condition; for ever if it never does. */
  readonly until: (condition: (ledger: Ledger) => boolean) => Effect.Effect<void>
  /** Waits until everything that was sent is in the hands of the kernel. */
  readonly flushed: Effect.Effect<void>
}>()("ticklake/Simulator") {}

/** How often a wait for the ledger or the kernel looks again. */
const pollMillis = 2

const waitFor = Effect.fnUntraced(function*(condition: () => boolean) {
  while (!condition()) yield* Effect.sleep(pollMillis)
})

/** Starts a simulator that lives as long as the scope. */
export const make = Effect.fn("Simulator.make")(function*(partial: PartialSimulatorOptions = {}) {
  const options = complete(partial)
  const clock = yield* Clock.Clock
  const now = () => clock.currentTimeMillisUnsafe()
  const ledger = yield* Effect.acquireRelease(
    Effect.try({
      try: () => new Ledger(options.ledger),
      catch: (cause) => new SimulatorError({ reason: `cannot write the ledger ${options.ledger.path}`, cause })
    }),
    (ledger) => Effect.sync(() => ledger.close())
  )
  const venues = Venues.make(options, now)
  const connections = new Set<Connection>()
  const desk = new FaultDesk({ seed: options.seed, scheduled: options.faults, connections, now })
  let trafficStopped = false
  let collecting: Array<Connection> | null = null

  const surroundings: Surroundings = {
    seed: options.seed,
    ledger,
    now,
    maxBufferedBytes: options.maxBufferedBytes,
    trafficStopped: () => trafficStopped,
    rejects: (connection, subscription) => desk.rejects(connection, subscription),
    beforeMessage: (connection) => desk.beforeMessage(connection),
    collectWrites: (connection) => collecting !== null && collecting.push(connection) > 0
  }

  const rest = new RestDesk({
    venues: venues.rest,
    listings: venues.listings,
    ledger,
    now,
    fault: (venue, address, symbol) => desk.request(venue, address, symbol)
  })
  const listen = (listener: number) =>
    Server.listen({
      port: options.port === 0 ? 0 : options.port + listener,
      listener,
      route: venues.route,
      rest,
      fault: (venue, address) => desk.handshake(venue, address),
      refused: (venue, outcome) => ledger.refused({ venue, atMillis: now(), outcome }),
      accepted: (wires, { open, venue }, address) => {
        const connection = new Connection(wires, ledger.connections().length + 1, venue, address, surroundings)
        connections.add(connection)
        connection.start(open(connection), () => connections.delete(connection))
      }
    }).pipe(Effect.mapError(({ cause, reason }) => new SimulatorError({ reason, cause })))
  const port = yield* listen(0)
  const ports = [port]
  for (let listener = 1; listener < options.listeners; listener++) ports.push(yield* listen(listener))
  const host = (listener: number) => `127.0.0.1:${ports[listener] ?? port}`

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const connection of connections) connection.terminate()
    })
  )

  const allListings = Object.values(venues.listings)

  /** Collects what `work` sends and gives it to the kernel in few calls. */
  const collected = (work: (nowMillis: number) => void) => {
    const corked: Array<Connection> = []
    collecting = corked
    try {
      work(now())
    } finally {
      collecting = null
      // The ledger first: whatever a client can have read is then in the file, even if this process is killed.
      ledger.flush()
      for (const connection of corked) connection.uncork()
    }
  }

  const tick = (nowMillis: number) => {
    if (!trafficStopped) { for (const listings of allListings) listings.advance(nowMillis) }
    desk.tick(nowMillis)
    for (const connection of connections) connection.tick(nowMillis)
  }
  yield* Effect.sync(() => collected(tick)).pipe(
    Effect.delay(options.tickMillis),
    Effect.forever,
    Effect.tapCause((cause) => Effect.logError("the simulator's markets stopped", cause)),
    Effect.forkScoped
  )

  return Simulator.of({
    port,
    baseUrl: (endpoint, listener = 0) => `ws://${host(listener)}${Venues.basePaths[endpoint]}`,
    restUrl: (listener = 0) => `http://${host(listener)}`,
    trades: (venue, symbol) => {
      const tape = venues.listing(venue, symbol, now())?.market.tape
      const idOf = Venues.tradeIds[venue]
      return tape?.newest(tape.length).map((fill) => ({ id: idOf(fill), atMillis: fill.atMillis })) ?? []
    },
    bookChanges: (venue, symbol) => {
      const changes = venues.listing(venue, symbol, now())?.market.changes
      return changes?.slice(0, changes.length) ?? []
    },
    ledger,
    faults: desk.commands,
    openConnections: () => connections.size,
    stopTraffic: Effect.sync(() => {
      trafficStopped = true
      collected(() => {
        for (const connection of connections) connection.flush()
      })
    }),
    resumeTraffic: Effect.sync(() => {
      if (trafficStopped) { for (const listings of allListings) listings.resumePace(now()) }
      trafficStopped = false
    }),
    produce: (venue, symbol, steps) =>
      Effect.sync(() =>
        collected((nowMillis) => {
          venues.listings[venue].produce(symbol, steps, nowMillis)
        })
      ),
    until: (condition) => waitFor(() => condition(ledger)),
    flushed: waitFor(() => [...connections].every((connection) => connection.bufferedBytes === 0))
  })
})

/** A simulator as a service. */
export const layer = (options: PartialSimulatorOptions = {}): Layer.Layer<Simulator, SimulatorError> =>
  Layer.effect(Simulator, make(options))
