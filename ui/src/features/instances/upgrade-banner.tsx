import { useState } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import type { Schema } from '@/lib/api'
import { toast } from '@/lib/toasts'

import { useUpgrade } from './queries'

interface Props {
  instance: Schema<'Instance'>
  mayOperate: boolean
  onStarted: (operation: Schema<'Operation'>) => void
}

/** Says that there is a newer minor release of PostgreSQL, and brings it. Nothing while there is none. */
export function UpgradeBanner({ instance, mayOperate, onStarted }: Props) {
  const [asking, setAsking] = useState(false)
  const release = instance.upgrade_available
  const runs = instance.state === 'running'
  return (
    <>
      {release && (
        <Alert
          look="info"
          action={
            runs &&
            mayOperate && (
              <Button size="sm" onClick={() => setAsking(true)}>
                Upgrade
              </Button>
            )
          }
        >
          {runs
            ? `PostgreSQL ${release} is available; the server runs ${instance.server_version}.`
            : `It will be PostgreSQL ${release} from its next start on.`}
        </Alert>
      )}
      {asking && (
        <UpgradeDialog
          name={instance.name}
          release={release ?? ''}
          onStarted={onStarted}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  )
}

interface DialogProps extends Pick<Props, 'onStarted'> {
  name: string
  release: string
  onClose: () => void
}

function UpgradeDialog({ name, release: offered, onStarted, onClose }: DialogProps) {
  const [release] = useState(offered) // what the user was asked about
  const upgrade = useUpgrade(name)
  return (
    <Dialog title={`Upgrade ${name} to PostgreSQL ${release}?`} onClose={onClose}>
      <p className="mb-4 text-ink-soft">
        The server starts anew: connections are cut, and new ones are taken again when it is ready, usually
        within seconds. There is no way back to the release before.
      </p>
      {upgrade.isError && <ErrorAlert error={upgrade.error} className="mb-4" />}
      <DialogActions>
        <Button type="button" onClick={onClose}>
          Cancel
        </Button>
        <Button
          look="primary"
          pending={upgrade.isPending}
          onClick={() =>
            upgrade.mutate(undefined, {
              onSuccess: (operation) => {
                toast(`Upgrading ${name}`)
                onStarted(operation)
                onClose()
              },
            })
          }
        >
          Upgrade
        </Button>
      </DialogActions>
    </Dialog>
  )
}
