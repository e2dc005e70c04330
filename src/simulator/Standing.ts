import type { Subscription } from "../domain/Feed.ts"
import type { Venue } from "../domain/Venue.ts"
import { type Address, isAt } from "./Address.ts"
import type { HandshakeFault, RequestFault, Standing } from "./Fault.ts"
import type { SeededRandom } from "./SeededRandom.ts"

interface Rule {
  readonly standing: Standing
  readonly untilMillis: number
  timesLeft: number
}

/** A subscription that is refused; every given field must match. */
export interface RejectionRule extends Standing {
  readonly symbol?: string
  readonly dataType?: Subscription["dataType"]
}

/** A request over HTTP that meets a fault; every given field must match. */
export interface RequestRule extends Standing {
  readonly symbol?: string
}

/** The faults that stand until they are used up or lifted: refused handshakes, rejected subscriptions, bad answers. */
export class StandingFaults {
  readonly #random: SeededRandom
  #handshakes: Array<Rule & { readonly fault: HandshakeFault }> = []
  #rejections: Array<Rule & { readonly standing: RejectionRule }> = []
  #requests: Array<Rule & { readonly fault: RequestFault; readonly standing: RequestRule }> = []

  constructor(random: SeededRandom) {
    this.#random = random
  }

  refuse(fault: HandshakeFault, standing: Standing, nowMillis: number) {
    this.#handshakes.push({ fault, ...rule(standing, nowMillis) })
  }

  reject(standing: RejectionRule, nowMillis: number) {
    this.#rejections.push({ ...rule(standing, nowMillis), standing })
  }

  misanswer(fault: RequestFault, standing: RequestRule, nowMillis: number) {
    this.#requests.push({ fault, ...rule(standing, nowMillis), standing })
  }

  lift() {
    this.#handshakes = []
    this.#rejections = []
    this.#requests = []
  }

  /** The fault that this handshake meets, if any; using it counts. */
  handshake(venue: Venue, address: Address, nowMillis: number): HandshakeFault | null {
    return this.#use(this.#handshakes, venue, address, nowMillis, () => true)?.fault ?? null
  }

  /** The fault that this request meets, if any; using it counts. */
  request(venue: Venue, address: Address, symbol: string, nowMillis: number): RequestFault | null {
    const applies = ({ standing }: { readonly standing: RequestRule }) =>
      standing.symbol === undefined || standing.symbol === symbol
    return this.#use(this.#requests, venue, address, nowMillis, applies)?.fault ?? null
  }

  /** Whether this subscription is refused; a refusal counts. */
  rejects(venue: Venue, address: Address, subscription: Subscription, nowMillis: number): boolean {
    return this.#use(
      this.#rejections,
      venue,
      address,
      nowMillis,
      ({ standing }) =>
        (standing.symbol === undefined || standing.symbol === subscription.symbol) &&
        (standing.dataType === undefined || standing.dataType === subscription.dataType)
    ) !== null
  }

  #use<R extends Rule>(
    rules: ReadonlyArray<R>,
    venue: Venue,
    address: Address,
    nowMillis: number,
    applies: (rule: R) => boolean
  ): R | null {
    for (const rule of rules) {
      const { probability = 1, venue: only } = rule.standing
      if (rule.timesLeft <= 0 || nowMillis >= rule.untilMillis) continue
      if ((only !== undefined && only !== venue) || !isAt(rule.standing, address) || !applies(rule)) continue
      if (!this.#random.chance(probability)) continue
      rule.timesLeft--
      return rule
    }
    return null
  }
}

const rule = (standing: Standing, nowMillis: number): Rule => ({
  standing,
  untilMillis: nowMillis + (standing.forMillis ?? Number.POSITIVE_INFINITY),
  timesLeft: standing.times ?? Number.POSITIVE_INFINITY
})
