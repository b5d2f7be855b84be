import { BURST_MS, LEAST_INTERVAL_MS, MOST_LOST } from '@sallyport/detect'

/** `timerOf`'s regularity of an ascending array of times, in ClickHouse's words; 0 where its period is too short. */
export function timerRegularity(times: string): string {
  const calls = `arrayFilter((at, gap, place) -> place = 1 OR gap >= ${BURST_MS}, ${times}, arrayDifference(${times}), arrayEnumerate(${times}))`
  const middle = (values: string): string => `arrayReduce('quantileExactInclusive(0.5)', ${values})`
  const bind = (name: string, value: string, body: string): string =>
    `arrayElement(arrayMap(${name} -> ${body}, [${value}]), 1)`
  const folded = `arrayMap(gap -> gap / least(${MOST_LOST}, greatest(1, floor(gap / period + 0.5))), gaps)`
  const spread = `${middle('arrayMap(part -> abs(part - centre), parts)')} / centre`
  return bind(
    'gaps',
    `arrayPopFront(arrayDifference(${calls}))`,
    `if(length(gaps) < 3, 0, ${bind(
      'period',
      middle('gaps'),
      `if(period < ${LEAST_INTERVAL_MS}, 0, ${bind('parts', folded, bind('centre', middle('parts'), `greatest(0, 1 - 2 * ${spread})`))})`,
    )})`,
  )
}
