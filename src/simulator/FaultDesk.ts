import { Effect } from "effect"
import type { Subscription } from "../domain/Feed.ts"
import type { Venue } from "../domain/Venue.ts"
import type { Address } from "./Address.ts"
import type { Connection } from "./Connection.ts"
import {
  type ConnectionFault,
  type HandshakeFault,
  isHandshakeFault,
  isRequestFault,
  type RequestFault,
  type ScheduledFault,
  type Standing,
  type Target
} from "./Fault.ts"
import { SeededRandom } from "./SeededRandom.ts"
import { type RejectionRule, type RequestRule, StandingFaults } from "./Standing.ts"

/** The faults that a test commands while the simulator runs. */
export interface FaultCommands {
  /** Does it to every open connection that matches; gives their number. */
  readonly inject: (fault: ConnectionFault, target?: Target) => Effect.Effect<number>
  /** Handshakes meet this fault from now on, of one venue or all, until it is used up or lifted. */
  readonly refuse: (fault: HandshakeFault, standing?: Standing) => Effect.Effect<void>
  /** Subscriptions are refused in the venue's own way from now on, until it is used up or lifted. */
  readonly reject: (rule?: RejectionRule) => Effect.Effect<void>
  /** Requests for trades over HTTP are answered badly from now on, until it is used up or lifted. */
  readonly misanswer: (fault: RequestFault, rule?: RequestRule) => Effect.Effect<void>
  /** Ends refusals, rejections, bad answers and stalls. */
  readonly lift: Effect.Effect<void>
}

interface Planned {
  readonly fault: ConnectionFault
  readonly target: Target
  readonly everyMillis: number
  readonly random: SeededRandom
  nextAt: number
}

/** Decides when something goes wrong, by plan or by command. */
export class FaultDesk {
  readonly commands: FaultCommands
  readonly #standing: StandingFaults
  readonly #planned: Array<Planned> = []
  readonly #perMessage: Array<{ fault: ConnectionFault; target: Target; probability: number; random: SeededRandom }> =
    []
  readonly #connections: ReadonlySet<Connection>
  readonly #now: () => number

  constructor(options: {
    readonly seed: string
    readonly scheduled: ReadonlyArray<ScheduledFault>
    readonly connections: ReadonlySet<Connection>
    readonly now: () => number
  }) {
    const { connections, now, seed } = options
    this.#connections = connections
    this.#now = now
    this.#standing = new StandingFaults(new SeededRandom(`${seed}/handshakes`))
    for (const [index, { fault, target = {}, when }] of options.scheduled.entries()) {
      const random = new SeededRandom(`${seed}/fault/${index}`)
      if (isHandshakeFault(fault)) {
        const probability = "probability" in when ? when.probability : 1
        this.#standing.refuse(fault, { ...target, probability }, now())
      } else if (isRequestFault(fault)) {
        const probability = "probability" in when ? when.probability : 1
        this.#standing.misanswer(fault, { ...target, probability }, now())
      } else if ("everyMillis" in when) {
        const { everyMillis } = when
        this.#planned.push({ fault, target, everyMillis, random, nextAt: now() + pause(everyMillis, random) })
      } else {
        this.#perMessage.push({ fault, target, probability: when.probability, random })
      }
    }
    this.commands = {
      inject: (fault, target = {}) => Effect.sync(() => this.#inject(fault, target)),
      refuse: (fault, standing = {}) => Effect.sync(() => this.#standing.refuse(fault, standing, now())),
      reject: (rule = {}) => Effect.sync(() => this.#standing.reject(rule, now())),
      misanswer: (fault, rule = {}) => Effect.sync(() => this.#standing.misanswer(fault, rule, now())),
      lift: Effect.sync(() => {
        this.#standing.lift()
        for (const connection of this.#connections) connection.recover()
      })
    }
  }

  /** The fault that this handshake meets, if any. */
  handshake(venue: Venue, address: Address): HandshakeFault | null {
    return this.#standing.handshake(venue, address, this.#now())
  }

  /** The fault that this request for trades meets, if any. */
  request(venue: Venue, address: Address, symbol: string): RequestFault | null {
    return this.#standing.request(venue, address, symbol, this.#now())
  }

  rejects(connection: Connection, subscription: Subscription): boolean {
    return this.#standing.rejects(connection.venue, connection.address, subscription, this.#now())
  }

  /** Called before each message with market data. */
  beforeMessage(connection: Connection) {
    for (const { fault, probability, random, target } of this.#perMessage) {
      if (this.#isMeant(connection, target) && random.chance(probability)) connection.inject(fault)
    }
  }

  /** Does what is planned for now to one of the connections that match. */
  tick(nowMillis: number) {
    for (const planned of this.#planned) {
      if (nowMillis < planned.nextAt) continue
      planned.nextAt = nowMillis + pause(planned.everyMillis, planned.random)
      const candidates = this.#matching(planned.target)
      candidates[planned.random.integer(0, candidates.length - 1)]?.inject(planned.fault)
    }
  }

  #inject(fault: ConnectionFault, target: Target): number {
    const matching = this.#matching(target)
    for (const connection of matching) connection.inject(fault)
    return matching.length
  }

  #isMeant(connection: Connection, target: Target): boolean {
    return connection.matches(target) && (target.nth === undefined || this.#matching(target).includes(connection))
  }

  #matching({ nth, ...target }: Target): ReadonlyArray<Connection> {
    const matching = [...this.#connections].filter((connection) => connection.isOpen && connection.matches(target))
    return nth === undefined ? matching : matching.slice(nth - 1, nth)
  }
}

/** Between half and one and a half times the mean. */
const pause = (meanMillis: number, random: SeededRandom): number => meanMillis * (0.5 + random.next())
