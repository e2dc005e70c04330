// @ts-check
import { count } from "./formats.js"

/**
 * The element of the page with this id.
 * @param {string} id
 */
export const byId = (id) => {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`the page has no #${id}`)
  return element
}

/**
 * The first element below `parent` that `selector` finds.
 * @param {Element | DocumentFragment} parent
 * @param {string} selector
 * @returns {HTMLElement}
 */
export const within = (parent, selector) => {
  const found = parent.querySelector(selector)
  if (!(found instanceof HTMLElement)) throw new Error(`the page has no ${selector}`)
  return found
}

/**
 * A new element with a text, and nothing else: whatever the text says, it stays text.
 * @param {string} name
 * @param {string} [className]
 * @param {string} [text]
 */
export const make = (name, className = "", text = "") => {
  const element = document.createElement(name)
  if (className !== "") element.className = className
  if (text !== "") element.textContent = text
  return element
}

/**
 * Changes the text where it is another one: what stays as it is costs no layout and is not read aloud again.
 * @param {Element} element
 * @param {string} text
 */
export const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text
}

/**
 * Changes what a pointer that rests on the element is told.
 * @param {HTMLElement} element
 * @param {string} text
 */
export const setTitle = (element, text) => {
  if (element.title !== text) element.title = text
}

/**
 * @param {HTMLElement} element
 * @param {boolean} shown
 */
export const show = (element, shown) => {
  if (element.hidden === shown) element.hidden = !shown
}

/**
 * @param {HTMLElement} element
 * @param {string} level
 */
export const setLevel = (element, level) => {
  if (element.dataset["level"] !== level) element.dataset["level"] = level
}

/**
 * A number; none at all stays in the background.
 * @param {HTMLElement} element
 * @param {number} value
 */
export const setCount = (element, value) => {
  setText(element, count(value))
  element.toggleAttribute("data-zero", value === 0)
}
