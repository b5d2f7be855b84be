/** A JSON document, and where in it a text stands. */
export type JsonDocument = {
  readonly value: unknown
  /** Line of the next place, after the places asked for before, where the text stands; the last line when it is nowhere. */
  readonly lineOf: (text: string) => number
}

/** Each miss searches to the end; a document that spells its texts otherwise gets the line of the last one found. */
const MOST_MISSES = 100

export type JsonObject = { readonly [key: string]: unknown }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

export function parseJsonDocument(text: string): JsonDocument | { readonly invalid: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { invalid: `not JSON: ${error instanceof Error ? error.message.slice(0, 120) : String(error)}` }
  }
  let at = 0
  let line = 1
  let misses = 0
  return {
    value,
    lineOf: (wanted) => {
      if (misses > MOST_MISSES) return line
      const found = text.indexOf(JSON.stringify(wanted), at)
      for (let next = text.indexOf('\n', at); next >= 0 && next < found; next = text.indexOf('\n', next + 1)) line++
      if (found >= 0) at = found
      else misses++
      return line
    },
  }
}
