import type { ReactNode } from 'react'

import { Card } from '@/components/card'
import { CopyButton } from '@/components/copy-button'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'
import { writeAssignments } from '@/lib/assignments'
import { humanCPU, humanMemory, humanStorage } from '@/lib/size'

const health: Record<Schema<'Health'>, string> = {
  healthy: 'Healthy',
  unhealthy: 'Unhealthy',
  unknown: 'Not checked yet',
}

interface Props {
  instance: Schema<'Instance'>
  /** What can be done about it. */
  aside?: ReactNode
}

/** What an instance is. */
export function OverviewCard({ instance: i, aside }: Props) {
  return (
    <Card title="Overview" aside={aside} flush>
      <dl className="divide-y">
        {i.description && (
          <div className="px-4 py-2 wrap-anywhere whitespace-pre-line text-ink-soft sm:px-5">
            <dt className="sr-only">Description</dt>
            <dd>{i.description}</dd>
          </div>
        )}
        {Object.keys(i.tags).length > 0 && (
          <Row label="Tags">{writeAssignments(i.tags).replaceAll(' = ', '=').replaceAll('\n', ', ')}</Row>
        )}
        <Row label="PostgreSQL">{i.server_version ?? i.version}</Row>
        <Row label="Health">{i.monitored ? health[i.health] : 'Not watched'}</Row>
        <Row label="CPU">{humanCPU(i.cpu_millis)}</Row>
        <Row label="Memory">{humanMemory(i.memory_mib)}</Row>
        <Row label="Storage">{humanStorage(i.storage_gib)}</Row>
        <Row label="Image type">{i.image_type}</Row>
        {i.runtime_image && (
          <Row label="Runtime image">
            <span title={i.runtime_image_reference}>{i.runtime_image}</span>
          </Row>
        )}
        <Row label="Reachable">{i.public ? 'publicly' : 'internally'}</Row>
        <Row label="Provider">{i.provider}</Row>
        <Row label="Created">
          <RelativeTime at={i.created_at} />
        </Row>
        <Row label="Updated">
          <RelativeTime at={i.updated_at} />
        </Row>
        <Row label="ID">
          <span className="flex items-center gap-1">
            <code className="truncate font-mono text-sm" title={i.id}>
              {i.id.slice(0, 8)}…
            </code>
            <CopyButton text={i.id} what="ID" className="-my-1" />
          </span>
        </Row>
      </dl>
    </Card>
  )
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex min-h-10 items-center justify-between gap-4 px-4 py-2 sm:px-5">
      <dt className="shrink-0 text-ink-faint">{label}</dt>
      <dd className="tabular min-w-0 text-right wrap-anywhere">{children}</dd>
    </div>
  )
}
