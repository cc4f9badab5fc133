import { ExternalLink } from 'lucide-react'
import { useState } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Badge } from '@/components/badge'
import { Button, buttonClass } from '@/components/button'
import { Card } from '@/components/card'
import { Dialog, DialogActions } from '@/components/dialog'
import type { Schema } from '@/lib/api'
import { humanSize } from '@/lib/size'
import { sentence } from '@/lib/text'

import { announcement, canCancel, isActive, kindLabel, outcome } from './progress'
import { useCancelOperation } from './queries'
import { StepList } from './step-list'

type Operation = Schema<'Operation'>

interface Props {
  operation: Operation
  canOperate: boolean
  /** With all that is known of each step; what was asked for then stands beside it. */
  detailed?: boolean
}

/** One operation as it goes: its steps, its trouble, and the way to cancel it. */
export function OperationCard({ operation, canOperate, detailed = false }: Props) {
  const { tone, label } = outcome(operation)
  return (
    <Card
      title={`${kindLabel(operation.kind)} ${operation.instance_name}`}
      aside={
        <div className="flex flex-wrap items-center gap-2">
          <Badge tone={tone} pulse={isActive(operation)}>
            {label}
          </Badge>
          {operation.temporal_url && <TemporalLink url={operation.temporal_url} />}
          {canOperate && canCancel(operation) && <CancelButton operation={operation} />}
        </div>
      }
    >
      <p className="sr-only" role="status">
        {announcement(operation)}
      </p>
      {operation.size && !detailed && <p className="mb-3 text-ink-soft">To {humanSize(operation.size)}.</p>}
      <StepList steps={operation.steps} detailed={detailed} />
      {operation.error && (
        <Alert
          look={operation.state === 'cancelled' ? 'info' : 'bad'}
          title={operation.state === 'cancelled' ? 'Cancelled' : 'Why it failed'}
          className="mt-4"
        >
          {sentence(operation.error)}
        </Alert>
      )}
    </Card>
  )
}

/** A link to the workflow behind an operation. The URL comes from the server's configuration. */
export function TemporalLink({ url }: { url: string }) {
  if (!/^https?:\/\//.test(url)) return null
  return (
    <a href={url} target="_blank" rel="noreferrer" className={buttonClass('ghost', 'sm')}>
      Temporal
      <ExternalLink aria-label="(opens in a new tab)" className="size-3.5" />
    </a>
  )
}

function CancelButton({ operation }: { operation: Operation }) {
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Button size="sm" onClick={() => setAsking(true)}>
        Cancel
      </Button>
      {asking && <CancelDialog operation={operation} onClose={() => setAsking(false)} />}
    </>
  )
}

/** What it means to cancel each kind of operation that can be. */
const cancelling: Partial<Record<Operation['kind'], { doing: string; detail: string }>> = {
  create: {
    doing: 'creating',
    detail: 'What was begun is removed again. Nothing is left behind but a record that it was cancelled.',
  },
  fork: {
    doing: 'forking to',
    detail: 'What was begun is removed again. The instance whose data is copied goes on as it is.',
  },
  trash: {
    doing: 'moving to the trash',
    detail: 'If it ran before, its server is started again.',
  },
  delete: { doing: 'deleting', detail: 'This works only as long as nothing has been removed yet.' },
  rotate: {
    doing: 'rotating the password of',
    detail: 'Nothing is taken back: the password that is revealed works, be it the old or the new one.',
  },
  update: {
    doing: 'updating',
    detail:
      'It gets back the settings that it had, for which the server may start anew once more. Storage that has grown stays.',
  },
  resize: {
    doing: 'resizing',
    detail:
      'It gets back the CPU and memory that it had, for which the server may start anew once more. Storage that has grown stays.',
  },
}

function CancelDialog({ operation, onClose }: { operation: Operation; onClose: () => void }) {
  const cancel = useCancelOperation(operation.id)
  const { doing, detail } = cancelling[operation.kind] ?? { doing: operation.kind, detail: '' }
  return (
    <Dialog title={`Cancel ${doing} ${operation.instance_name}?`} onClose={onClose}>
      <p className="text-ink-soft">{detail}</p>
      {cancel.isError && <ErrorAlert error={cancel.error} className="mt-4" />}
      <DialogActions>
        <Button onClick={onClose}>Keep going</Button>
        <Button
          look="danger"
          pending={cancel.isPending}
          onClick={() => cancel.mutate(undefined, { onSuccess: onClose })}
        >
          Cancel operation
        </Button>
      </DialogActions>
    </Dialog>
  )
}
