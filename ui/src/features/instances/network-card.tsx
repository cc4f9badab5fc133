import { Network } from 'lucide-react'
import { useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextAreaField } from '@/components/field'
import type { Schema } from '@/lib/api'

import { PlanPreview } from './plan-preview'
import { canResize } from './state'
import { usePlannedUpdate } from './use-planned-update'

interface Props {
  instance: Schema<'Instance'>
  onStarted: (operation: Schema<'Operation'>) => void
}

/** Who may connect to an instance. */
export function NetworkCard({ instance, onStarted }: Props) {
  const [changing, setChanging] = useState(false)
  return (
    <Card
      title="Network access"
      aside={
        <Button size="sm" disabled={!canResize(instance.state)} onClick={() => setChanging(true)}>
          <Network aria-hidden />
          Change networks
        </Button>
      }
    >
      <p className="text-ink-soft">
        {instance.public ? 'It can be reached publicly' : 'It can be reached internally'}
        {instance.allowed_cidrs.length === 0 ? ', from all networks.' : ', from these networks:'}
      </p>
      {instance.allowed_cidrs.length > 0 && (
        <ul className="mt-2 flex flex-wrap gap-2">
          {instance.allowed_cidrs.map((network) => (
            <li key={network} className="rounded-md border bg-sunken px-2 py-0.5 font-mono text-sm">
              {network}
            </li>
          ))}
        </ul>
      )}
      {changing && (
        <NetworkDialog instance={instance} onStarted={onStarted} onClose={() => setChanging(false)} />
      )}
    </Card>
  )
}

function NetworkDialog({ instance, onStarted, onClose }: Props & { onClose: () => void }) {
  const [has] = useState(instance) // what was set when the user began
  const [text, setText] = useState(() => has.allowed_cidrs.join('\n'))
  const networks = text.split(/[\s,]+/).filter((network) => network !== '')
  const asks = networks.join() !== has.allowed_cidrs.join()
  const update = usePlannedUpdate(has.name, asks ? { allowed_cidrs: networks } : undefined)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    update.apply((operation) => {
      if (operation) onStarted(operation)
      onClose()
    })
  }
  return (
    <Dialog title={`Networks that may reach ${has.name}`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <TextAreaField
          label="Allowed networks"
          rows={4}
          autoFocus
          spellCheck={false}
          autoCapitalize="none"
          placeholder={'10.0.0.0/8\n203.0.113.0/24'}
          hint="One a line. Without any, clients may come from wherever it can be reached."
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <PlanPreview plan={update.plan} asking={asks && !update.error} />
        {update.error && <ErrorAlert error={update.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={!update.ready} pending={update.pending}>
            Apply
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
