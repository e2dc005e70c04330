import type { SeededRandom } from "./SeededRandom.ts"

/** One price level. In a change, size 0 means that the level is gone. */
export interface Level {
  /** Whole price units. */
  readonly price: number
  /** Units of 1e-8. */
  readonly size: number
  readonly orders: number
}

/** The levels that one change touched: bids from the highest price down, asks from the lowest price up. */
export interface Levels {
  readonly bids: ReadonlyArray<Level>
  readonly asks: ReadonlyArray<Level>
}

/** Sizes are whole multiples of this plus a running number, which is how every state of a book stays distinguishable. */
const tagRange = 10_000

/**
 * An order book of constant depth that wanders. A level that is pushed out of the window is reported as removed and one
 * that enters it as added, which is what the venues with a limited depth do.
 */
export class Book {
  readonly bids: Array<Level> = []
  readonly asks: Array<Level> = []
  readonly #tick: number
  readonly #random: SeededRandom
  #tag = 0

  constructor(options: {
    readonly midPrice: number
    readonly tick: number
    readonly depth: number
    readonly random: SeededRandom
  }) {
    this.#tick = options.tick
    this.#random = options.random
    let bid = Math.floor(options.midPrice / options.tick) * options.tick
    let ask = bid + options.tick
    for (let i = 0; i < options.depth; i++) {
      this.bids.push(this.#level(bid))
      this.asks.push(this.#level(ask))
      bid -= this.#gap()
      ask += this.#gap()
    }
  }

  /** Changes the book once. The best bid is always among what changed, with a size it did not have recently. */
  change(): Levels {
    const bids = new Map<number, Level>()
    const asks = new Map<number, Level>()
    const move = this.#random.next()
    if (move < 0.05 || this.#bestBid().price < this.#tick * this.bids.length * 8) this.#moveUp(bids, asks)
    else if (move < 0.1) this.#moveDown(bids, asks)
    const touched = this.#random.integer(0, 3)
    for (let i = 0; i < touched; i++) {
      const isBid = this.#random.chance(0.5)
      const side = isBid ? this.bids : this.asks
      const index = Math.floor(this.#random.next() ** 3 * side.length)
      const level = side[index]
      if (level === undefined) continue
      const next = this.#level(level.price)
      side[index] = next
      ;(isBid ? bids : asks).set(next.price, next)
    }
    this.#tag = (this.#tag + 1) % tagRange
    const best = this.#bestBid()
    const tagged = { ...best, size: this.#random.integer(1, 9_999) * tagRange + this.#tag }
    this.bids[0] = tagged
    bids.set(tagged.price, tagged)
    return {
      bids: [...bids.values()].toSorted((a, b) => b.price - a.price),
      asks: [...asks.values()].toSorted((a, b) => a.price - b.price)
    }
  }

  #moveUp(bids: Map<number, Level>, asks: Map<number, Level>) {
    takeBest(this.asks, asks)
    this.#extend(this.asks, asks, this.#gap())
    const price = this.#bestAsk().price - this.#tick
    if (price > this.#bestBid().price) putBest(this.bids, bids, this.#level(price))
  }

  #moveDown(bids: Map<number, Level>, asks: Map<number, Level>) {
    takeBest(this.bids, bids)
    this.#extend(this.bids, bids, -this.#gap())
    const price = this.#bestBid().price + this.#tick
    if (price < this.#bestAsk().price) putBest(this.asks, asks, this.#level(price))
  }

  #extend(side: Array<Level>, changed: Map<number, Level>, gap: number) {
    const last = side.at(-1)
    if (last === undefined) return
    const level = this.#level(last.price + gap)
    side.push(level)
    changed.set(level.price, level)
  }

  #bestBid(): Level {
    return this.bids[0] ?? { price: 0, size: 0, orders: 0 }
  }

  #bestAsk(): Level {
    return this.asks[0] ?? { price: 0, size: 0, orders: 0 }
  }

  #gap(): number {
    return this.#tick * this.#random.integer(1, 3)
  }

  #level(price: number): Level {
    const size = Math.floor(this.#random.next() ** 4 * 9_000_000_000) + 1
    return { price, size, orders: this.#random.integer(1, 30) }
  }
}

const removed = (level: Level): Level => ({ price: level.price, size: 0, orders: 0 })

const takeBest = (side: Array<Level>, changed: Map<number, Level>) => {
  const best = side.shift()
  if (best !== undefined) changed.set(best.price, removed(best))
}

const putBest = (side: Array<Level>, changed: Map<number, Level>, level: Level) => {
  side.unshift(level)
  changed.set(level.price, level)
  const last = side.pop()
  if (last !== undefined) changed.set(last.price, removed(last))
}
