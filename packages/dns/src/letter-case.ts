import { randomBytes } from 'node:crypto'
import type { Message, ResourceRecord, WireName } from '@sallyport/wire'

/** Each letter in random case (draft-vixie-dnsext-dns0x20): an attacker off the path must guess that, too. */
export function randomCase(name: WireName): WireName {
  const random = randomBytes(32)
  let at = 0
  const flip = (letter: string): string => {
    const bit = (random[(at >> 3) & 31]! >> (at & 7)) & 1
    at++
    return bit === 1 ? letter.toUpperCase() : letter.toLowerCase()
  }
  return { labels: name.labels.map((label) => label.replace(/[A-Za-z]/g, flip)) }
}

export function lowerCase(name: WireName): WireName {
  return { labels: name.labels.map((label) => label.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())) }
}

/** The message with the spelling `from` replaced by `to`, in owner names and in the targets of CNAME records. */
export function respell(message: Message, from: WireName, to: WireName): Message {
  const change = (records: readonly ResourceRecord[]): ResourceRecord[] =>
    records.map((record) => ({
      ...record,
      name: respellName(record.name, from, to),
      data: record.data.kind === 'name' ? { kind: 'name', name: respellName(record.data.name, from, to) } : record.data,
    }))
  return {
    ...message,
    questions: message.questions.map((question) => ({ ...question, name: respellName(question.name, from, to) })),
    answers: change(message.answers),
    authorities: change(message.authorities),
  }
}

/** Servers compress: a name that shares a tail with the question has its spelling there. */
function respellName(name: WireName, from: WireName, to: WireName): WireName {
  const labels = [...name.labels]
  for (let back = 1; back <= labels.length; back++) {
    const wanted = to.labels.at(-back)
    if (wanted === undefined || labels.at(-back) !== from.labels.at(-back)) break
    labels[labels.length - back] = wanted
  }
  return { labels }
}
