/** A JSON document, and where in it a text stands. */
export type JsonDocument = {
  readonly value: unknown
  /** Line of the next place, after the places asked for before, where the text stands; the last line when it is nowhere. */
  readonly lineOf: (text: string) => number
}

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
  return {
    value,
    lineOf: (wanted) => {
      const found = text.indexOf(JSON.stringify(wanted), at)
      for (let next = text.indexOf('\n', at); next >= 0 && next < found; next = text.indexOf('\n', next + 1)) line++
      if (found >= 0) at = found
      return line
    },
  }
}
