import type { Subscription } from "../domain/Feed.ts"
import type { Venue } from "../domain/Venue.ts"
import type { HandshakeFault, Standing } from "./Fault.ts"
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

/** The faults that stand until they are used up or lifted: refused handshakes and rejected subscriptions. */
export class StandingFaults {
  readonly #random: SeededRandom
  #handshakes: Array<Rule & { readonly fault: HandshakeFault }> = []
  #rejections: Array<Rule & { readonly standing: RejectionRule }> = []

  constructor(random: SeededRandom) {
    this.#random = random
  }

  refuse(fault: HandshakeFault, standing: Standing, nowMillis: number) {
    this.#handshakes.push({ fault, ...rule(standing, nowMillis) })
  }

  reject(standing: RejectionRule, nowMillis: number) {
    this.#rejections.push({ ...rule(standing, nowMillis), standing })
  }

  lift() {
    this.#handshakes = []
    this.#rejections = []
  }

  /** The fault that this handshake meets, if any; using it counts. */
  handshake(venue: Venue, nowMillis: number): HandshakeFault | null {
    return this.#use(this.#handshakes, venue, nowMillis, () => true)?.fault ?? null
  }

  /** Whether this subscription is refused; a refusal counts. */
  rejects(venue: Venue, subscription: Subscription, nowMillis: number): boolean {
    return this.#use(
      this.#rejections,
      venue,
      nowMillis,
      ({ standing }) =>
        (standing.symbol === undefined || standing.symbol === subscription.symbol) &&
        (standing.dataType === undefined || standing.dataType === subscription.dataType)
    ) !== null
  }

  #use<R extends Rule>(
    rules: ReadonlyArray<R>,
    venue: Venue,
    nowMillis: number,
    applies: (rule: R) => boolean
  ): R | null {
    for (const rule of rules) {
      const { probability = 1, venue: only } = rule.standing
      if (rule.timesLeft <= 0 || nowMillis >= rule.untilMillis) continue
      if ((only !== undefined && only !== venue) || !applies(rule) || !this.#random.chance(probability)) continue
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
