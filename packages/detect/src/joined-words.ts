const LEAST_LETTERS = 4
/** How many names begin or end with a word, at least, for it to be one of a list. */
const LEAST_NAMES = 2
/** Labels beyond are no two words, and would only cost. */
const MOST_LETTERS = 40
/** Each pass forgets words that only names which were left out had; lists of words are stable after two or three. */
const PASSES = 8

/**
 * Labels that are two words of one list, joined: each of the two begins or ends another that is so itself. No dictionary is needed, as
 * the names show the list that they were made of (a core of the word graph of Pereira et al., "Dictionary Extraction and
 * Detection of Algorithmically Generated Domain Names in Passive DNS Traffic", RAID 2018). People name things after two words too, but
 * hardly any two of theirs share both.
 */
export function joinedWords(labels: readonly string[]): readonly string[] {
  let joined = labels.filter((label) => label.length >= 2 * LEAST_LETTERS && label.length <= MOST_LETTERS)
  for (let pass = 0; pass < PASSES; pass++) {
    const names = namesByWord(joined)
    const left = joined.filter((label) =>
      parts(label).some((both) => both.every((word) => names.get(word)! >= LEAST_NAMES)),
    )
    if (left.length === joined.length) break
    joined = left
  }
  return joined
}

function namesByWord(labels: readonly string[]): ReadonlyMap<string, number> {
  const names = new Map<string, number>()
  for (const label of labels)
    for (const word of new Set(parts(label).flat())) names.set(word, (names.get(word) ?? 0) + 1)
  return names
}

/** Every way to take a label for two words. */
function parts(label: string): readonly (readonly [string, string])[] {
  return Array.from({ length: label.length - 2 * LEAST_LETTERS + 1 }, (_, index) => {
    const at = index + LEAST_LETTERS
    return [label.slice(0, at), label.slice(at)] as const
  })
}
