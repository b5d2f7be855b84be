import type { Severity } from '@sallyport/policy'
import type { Alert } from './alert.ts'

const CLASS = 2004
const CREATE = 1
const SEVERITY_IDS: Readonly<Record<Severity, number>> = { low: 2, medium: 3, high: 4, critical: 5 }

/** An alert that was kept, as Detection Finding of OCSF 1.3 (class 2004). */
export function ocsfDetectionFinding(
  alert: Alert & { readonly id: string },
  product: { readonly name: string; readonly version: string },
): object {
  const { id, detector, severity, subject, destination, sentence, technique, numbers, firstMs, lastMs } = alert
  return {
    activity_id: CREATE,
    category_uid: 2,
    class_uid: CLASS,
    type_uid: CLASS * 100 + CREATE,
    severity_id: SEVERITY_IDS[severity],
    status_id: 1,
    time: Math.floor(lastMs),
    start_time: Math.floor(firstMs),
    end_time: Math.floor(lastMs),
    message: sentence,
    metadata: {
      version: '1.3.0',
      product: { name: product.name, vendor_name: product.name, version: product.version },
    },
    finding_info: {
      uid: id,
      title: `${detector}: ${subject} → ${destination}`,
      desc: sentence,
      types: [detector],
      first_seen_time: Math.floor(firstMs),
      last_seen_time: Math.floor(lastMs),
      analytic: { name: detector, type_id: 1 },
      attacks: [{ technique: { uid: technique.id, name: technique.name } }],
    },
    evidences: [{ data: { subject, destination, numbers } }],
  }
}
