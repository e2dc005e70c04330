// @ts-check
/** @import { Hello, Tick } from "../LiveMessages.ts" */

/** The recorder tells something every second; with nothing for so long, the connection is dead even if nobody closed it. */
const silenceMillis = 5000
const retryMillis = 2000

/**
 * Listens to the recorder for ever. After a loss it begins anew with a `hello`.
 * @param {string} url
 * @param {{
 *   readonly hello: (hello: Hello) => void
 *   readonly tick: (tick: Tick) => void
 *   readonly lost: () => void
 * }} listener `lost` once a loss
 */
export const listen = (url, listener) => {
  /** @type {EventSource | null} */
  let source = null
  let heardAt = performance.now()
  let lost = false

  const lose = () => {
    if (lost) return
    lost = true
    listener.lost()
  }
  const open = () => {
    source?.close()
    heardAt = performance.now()
    const opened = new EventSource(url)
    source = opened
    opened.addEventListener("hello", ({ data }) => {
      heardAt = performance.now()
      lost = false
      listener.hello(JSON.parse(data))
    })
    opened.addEventListener("tick", ({ data }) => {
      heardAt = performance.now()
      listener.tick(JSON.parse(data))
    })
    opened.addEventListener("error", () => {
      lose()
      // The browser tries again by itself after a cut, but not after an answer that is no stream, such as 503.
      if (opened.readyState === EventSource.CLOSED) setTimeout(() => source === opened && open(), retryMillis)
    })
  }
  open()
  setInterval(() => {
    if (performance.now() - heardAt < silenceMillis) return
    lose()
    open()
  }, 1000)
}
