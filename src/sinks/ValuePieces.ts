import { PageBytes } from "./PageBytes.ts"
import { pieceBytes } from "./spareBytes.ts"

/**
 * A BYTE_ARRAY column that may become large, in pieces of one size, which the next column uses again. One buffer that doubles would
 * be half empty, and leave one of each size behind.
 */
export class ValuePieces {
  #pieces = [new PageBytes(2048)]

  /** What the column holds of the process' memory, used or not. */
  get capacity(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.capacity, 0)
  }

  /** The values in PLAIN encoding, in one piece from here on; a view that later values may leave behind. */
  get written(): Buffer {
    const pieces = this.#pieces
    if (pieces.length > 1) {
      const whole = new PageBytes(pieces.reduce((sum, piece) => sum + piece.length, 0))
      for (const piece of pieces) {
        whole.appendEncoded(piece.written)
        piece.release()
      }
      this.#pieces = [whole]
    }
    return this.#pieces[0]!.written
  }

  /** A copy of `value`. */
  append(value: Buffer): void {
    const last = this.#pieces[this.#pieces.length - 1]!
    if (last.length === 0 || last.length + 4 + value.length <= Math.max(pieceBytes, last.capacity)) {
      return last.appendBytes(value)
    }
    const next = new PageBytes(pieceBytes)
    next.appendBytes(value)
    this.#pieces.push(next)
  }

  /** Gives up values and memory; no view of them may be in use. */
  release(): void {
    for (const piece of this.#pieces) piece.release()
    this.#pieces = [new PageBytes(2048)]
  }
}
