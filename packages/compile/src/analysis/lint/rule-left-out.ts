import { sameEffect, type Outcome, type Rule } from '@sallyport/policy'
import type { Diagram, ItemRange } from '../../diagram/diagram.ts'
import type { Item } from '../../diagram/item.ts'
import { rangesOfRules } from '../../diagram/items-of-policy.ts'
import { AnalysisTooLargeError } from '../analysis-too-large.ts'
import type { JointRules } from '../joint-rules.ts'
import { trackWithout, wholeTrack } from '../track.ts'
import { acting } from '../region-leads.ts'
import type { Focus, WalkBudget } from '../region-query.ts'
import { walkRegions } from '../walk-regions.ts'

/** Enough to name the rules that decide instead. */
const SHOWN = 50

/** Visits after which it is worth making a diagram of only those items that can meet. */
const FIRST_TRY = 2_000

type Ends = { readonly a: Outcome; readonly b: Outcome }

/** What becomes of the flows of one rule when it is left out. Every question may end in `AnalysisTooLargeError`. */
export class RuleLeftOut {
  readonly #joint: JointRules
  readonly #items: readonly Item[]
  readonly #rule: Rule
  readonly #range: ItemRange
  readonly #acts: readonly Item[]
  readonly #budget: WalkBudget

  constructor(joint: JointRules, rule: Rule, range: ItemRange, budget: WalkBudget) {
    this.#joint = joint
    this.#rule = rule
    this.#range = range
    this.#budget = budget
    const diagram = joint.diagrams[0]!
    this.#items = diagram.items
    const acts = acting(diagram, range)
    this.#acts = diagram.items.slice(range.from, range.to).filter((_, at) => acts((range.from + at) * 2))
  }

  /** Whether some flow ends otherwise without the rule. */
  matters(): boolean {
    if (this.#acts.every((item) => this.#coveredBefore(item))) return false
    // Whoever decides instead does so with one of these items: looked for in turn, each leaves few flows to look at.
    for (const rival of this.#rivals()) {
      if (this.#between(({ a, b }) => !sameEffect(a, b), 1, rival).length > 0) return true
    }
    return false
  }

  /** Rules that decide the flows it decides, once it is gone; `null` when it decides none. */
  instead(): readonly string[] | null {
    if (this.#rule.action !== 'pass' && this.#acts.every((item) => this.#coveredBefore(item))) return null
    return this.#named((limit) =>
      this.#between(({ a, b }) => a.rule === this.#rule && b.rule !== this.#rule, limit, null),
    )
  }

  /** Who decides the flows that the rule, by itself, would match; `null` when there are none. */
  shadowing(): readonly string[] | null {
    const only = this.#joint.reduced((item) => item.rule === this.#rule || item.rule === null)
    const meeting = this.#meeting(null)
    const items = rangesOfRules(only.items).get(this.#rule)!
    return this.#named((limit) =>
      walkRegions(this.#joint, {
        tracks: [wholeTrack(only), wholeTrack(meeting)],
        focuses: [{ track: 0, items }],
        barren: ([nodes]) => !nodes!.some((node) => alive(only, node, items)),
        selects: ([a]) => a!.rule === this.#rule,
        budget: this.#budget,
        limit,
        oneName: limit > 1,
      }).map(({ outcomes }) => outcomes[1]!),
    )
  }

  /** The rules of many outcomes that flows with one name show, or else of one that needs two; `null` when there is none. */
  #named(outcomes: (limit: number) => readonly Outcome[]): readonly string[] | null {
    const many = outcomes(SHOWN)
    const some = many.length > 0 ? many : outcomes(1)
    return some.length === 0 ? null : ids(some)
  }

  /** Who decides without the rule, of the flows that are selected by how they end with it and without it. */
  #between(selects: (ends: Ends) => boolean, limit: number, rival: Item | null): readonly Outcome[] {
    const budget = { visits: Math.min(FIRST_TRY, this.#budget.visits) }
    const given = budget.visits
    try {
      return this.#walk(this.#joint.diagrams[0]!, selects, limit, rival, budget)
    } catch (error) {
      if (!(error instanceof AnalysisTooLargeError)) throw error
      return this.#walk(this.#meeting(rival), selects, limit, rival, this.#budget)
    } finally {
      this.#budget.visits -= given - Math.max(0, budget.visits)
    }
  }

  #walk(
    diagram: Diagram,
    selects: (ends: Ends) => boolean,
    limit: number,
    rival: Item | null,
    budget: WalkBudget,
  ): readonly Outcome[] {
    const whole = diagram === this.#joint.diagrams[0]
    const range = whole ? this.#range : rangesOfRules(diagram.items).get(this.#rule)!
    const at = rival === null ? -1 : diagram.items.indexOf(rival, range.to)
    const wanted = { from: at, to: at + 1 }
    const focuses: readonly Focus[] = [{ track: 0, items: range }, ...(at < 0 ? [] : [{ track: 1, items: wanted }])]
    return walkRegions(this.#joint, {
      tracks: [wholeTrack(diagram), trackWithout(diagram, range)],
      focuses,
      barren: ([a, b]) =>
        a!.every((node, name) => node === b![name] && !alive(diagram, node, range)) ||
        (at >= 0 && !b!.some((node) => diagram.aliveOf(node, wanted).length > 0)),
      selects: ([a, b]) => selects({ a: a!, b: b! }),
      budget,
      limit,
      oneName: limit > 1,
    }).map(({ outcomes }) => outcomes[1]!)
  }

  /** A diagram of what can hold together with the rule, and with its rival: all else has no say in their flows. */
  #meeting(rival: Item | null): Diagram {
    const { relations } = this.#joint
    return this.#joint.reduced(
      (item) =>
        item.rule === this.#rule ||
        (this.#acts.some((act) => relations.meet(act, item)) && (rival === null || relations.meet(rival, item))),
    )
  }

  /** An earlier item that holds wherever this one does, and that nothing skips. */
  #coveredBefore(item: Item): boolean {
    let landing = 0
    for (let at = 0; at < this.#range.from; at++) {
      const { target } = this.#items[at]!
      if (target.kind === 'skip') landing = Math.max(landing, target.to)
      else if (landing <= at && this.#joint.relations.covers(this.#items[at]!, item)) return true
    }
    return false
  }

  /** Items behind the rule that can meet it and end otherwise than it does, the defaults first if nothing hides them. */
  *#rivals(): Generator<Item> {
    const own = this.#rule.action === 'pass' ? null : this.#acts[0]?.target
    const differs = ({ target }: Item): boolean =>
      target.kind === 'act' && (own?.kind !== 'act' || !sameEffect(own.outcome, target.outcome))
    const meets = (item: Item): boolean => this.#acts.some((act) => this.#joint.relations.meet(act, item))
    const end = this.#takenOver(differs)
    for (let at = this.#items.length - 1; at >= end.defaultsFrom; at--) {
      if (differs(this.#items[at]!) && meets(this.#items[at]!)) yield this.#items[at]!
    }
    for (let at = this.#range.to; at < end.at; at++) {
      if (differs(this.#items[at]!) && meets(this.#items[at]!)) yield this.#items[at]!
    }
  }

  /** What an item takes over from the rule, and decides alike, nothing behind it can decide. */
  #takenOver(differs: (item: Item) => boolean): { readonly at: number; readonly defaultsFrom: number } {
    const { items } = this.#joint.diagrams[0]!
    const defaults = items.findLastIndex(({ rule }) => rule !== null) + 1
    let landing = this.#range.to
    let open = this.#acts
    for (let at = this.#range.to; at < defaults; at++) {
      const item = items[at]!
      if (item.target.kind === 'skip') landing = Math.max(landing, item.target.to)
      else if (landing <= at && !differs(item)) {
        open = open.filter((act) => !this.#joint.relations.covers(item, act))
        if (open.length === 0) return { at, defaultsFrom: items.length }
      }
    }
    return { at: defaults, defaultsFrom: defaults }
  }
}

function alive(diagram: Diagram, node: number, range: ItemRange): boolean {
  return diagram.aliveOf(node, range).some(acting(diagram, range))
}

function ids(outcomes: readonly Outcome[]): readonly string[] {
  return [...new Set(outcomes.flatMap(({ rule }) => (rule === null ? [] : [rule.id])))]
}
