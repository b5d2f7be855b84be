import { isMap, isScalar, isSeq, parseDocument } from 'yaml'
import { offeredRule } from '@sallyport/detect'
import { SallyportError } from '@sallyport/policy'
import type { PolicyFile } from '@sallyport/store'

export type WantedRule = { readonly action: 'allow' | 'deny'; readonly destination: string; readonly reason: string }
export type DraftedRule = { readonly files: readonly PolicyFile[]; readonly rule: string }

/** The policy with a rule for one destination before all others, as a draft to look at: nothing else of the text changes. */
export function draftRule(files: readonly PolicyFile[], wanted: WantedRule): DraftedRule {
  const [first, ...others] = files
  const document = parseDocument(first!.text)
  if (document.errors.length > 0 || !isMap(document.contents))
    throw new SallyportError(
      'policy-invalid',
      `${first!.file} is not whole; a rule is added to a policy without errors`,
    )
  const rule = offeredRule(wanted, idsOf(files))
  const before = document.get('rules')
  if (isSeq(before) && before.items.length > 0) before.items.unshift(document.createNode(rule, { flow: true }))
  else document.set('rules', document.createNode([rule]))
  return { files: [{ file: first!.file, text: document.toString({ lineWidth: 0 }) }, ...others], rule: rule.id }
}

function idsOf(files: readonly PolicyFile[]): ReadonlySet<string> {
  const rules = files.flatMap(({ text }) => {
    const found = parseDocument(text).get('rules')
    return isSeq(found) ? found.items : []
  })
  const ids = rules.map((rule) => (isMap(rule) ? rule.get('id', true) : null))
  return new Set(ids.flatMap((id) => (isScalar(id) ? [String(id.value)] : [])))
}
