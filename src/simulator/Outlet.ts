import type { Row } from "./Ledger.ts"
import type { Payload } from "./VenueSession.ts"

/** One message with market data and the rows in it. */
export interface Delivery {
  readonly payload: Payload
  readonly rows: ReadonlyArray<Row>
}

/** Stands between a session and its socket, where messages get lost, doubled and overtaken. */
export class Outlet {
  readonly #transmit: (delivery: Delivery, duplicate: boolean) => void
  #swallow = 0
  #repeat = 0
  #reorder = false
  #held: Delivery | null = null

  constructor(transmit: (delivery: Delivery, duplicate: boolean) => void) {
    this.#transmit = transmit
  }

  /** Loses the next messages. */
  swallow(count: number) {
    this.#swallow += count
  }

  /** Sends the next message twice. */
  repeat() {
    this.#repeat++
  }

  /** Lets the next message be overtaken by the one after it. */
  reorder() {
    this.#reorder = true
  }

  send(delivery: Delivery) {
    if (this.#swallow > 0) {
      this.#swallow--
      return
    }
    if (this.#reorder) {
      this.#reorder = false
      this.#held = delivery
      return
    }
    this.#transmit(delivery, false)
    if (this.#repeat > 0) {
      this.#repeat--
      this.#transmit(delivery, true)
    }
    this.flush()
  }

  /** Sends what is waiting to be overtaken. */
  flush() {
    const held = this.#held
    this.#held = null
    if (held !== null) this.#transmit(held, false)
  }
}
