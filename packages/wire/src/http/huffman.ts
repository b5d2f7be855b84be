/** Code lengths of RFC 7541 Appendix B for symbols 0 to 256; the code is canonical, so that the lengths are all of it. */
const RUNS =
  '13,23,28*7,24,30,28*2,30,28*8,30,28*9,6,10*2,12,13,6,8,11,10*2,8,11,8,6*3,5*3,6*7,7,8,15,6,12,10,13,6,7*22,8,7,8,13,' +
  '19,13,14,6,15,5,6,5,6,5,6*3,5,7*2,6*3,5,6,7,6,5*2,6,7*5,15,11,14,13,28,20,22,20*2,22*3,23,22,23*5,24,23,24*2,22,23,' +
  '24,23*4,21,22,23,22,23*2,24,22,21,20,22*2,23*2,21,23,22*2,24,21,22,23*2,21*2,22,21,23,22,23*2,20,22*3,23,22*2,23,' +
  '26*2,20,19,22,23,22,25,26*3,27*2,26,24,25,19,21,26,27*2,26,27,24,21*2,26*2,28,27*3,20,24,20,21,22,21*2,23,22*2,25*2,' +
  '24*2,26,23,26,27,26*2,27*5,28,27*5,26,30'

type Table = {
  readonly first: readonly number[]
  readonly counts: readonly number[]
  readonly symbols: readonly number[]
}

function lengths(): number[] {
  return RUNS.split(',').flatMap((run) => {
    const [length, times] = run.split('*').map(Number)
    return new Array<number>(times ?? 1).fill(length!)
  })
}

/** For each length the first code of it, how many there are, and where their symbols start. */
function buildTable(): Table {
  const all = lengths()
  const symbols = all.map((_, symbol) => symbol).sort((a, b) => all[a]! - all[b]! || a - b)
  const counts = new Array<number>(31).fill(0)
  for (const length of all) counts[length]!++
  const first = new Array<number>(31).fill(0)
  for (let length = 1; length < 31; length++) first[length] = (first[length - 1]! + counts[length - 1]!) * 2
  return { first, counts, symbols }
}

const TABLE: Table = buildTable()
const END = 256

/** Octets as text; null when the code is not valid or the padding is not the start of the end symbol (RFC 7541 §5.2). */
export function decodeHuffman(bytes: Uint8Array): string | null {
  let text = ''
  let [code, length, index] = [0, 0, 0]
  for (const octet of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      index += TABLE.counts[length]!
      code = code * 2 + ((octet >> bit) & 1)
      length++
      if (length > 30) return null
      const nth = code - TABLE.first[length]!
      if (nth >= TABLE.counts[length]!) continue
      const symbol = TABLE.symbols[index + nth]!
      if (symbol === END) return null
      text += String.fromCharCode(symbol)
      code = length = index = 0
    }
  return length <= 7 && code === 2 ** length - 1 ? text : null
}
