//! The loudspeaker: a named thread that owns the device and feeds it from the mixer. A machine without one is
//! silent, and a device that goes away is looked for again.

use super::mixer::{Command, Mixer};
use cpal::{
    SampleFormat, StreamConfig,
    traits::{DeviceTrait, HostTrait, StreamTrait},
};
#[cfg(target_os = "linux")]
use std::path::{Path, PathBuf};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

/// Commands that may wait for the sound thread; more are dropped, since sound is never worth a stall.
const MAX_QUEUED_COMMANDS: usize = 1024;

/// Seconds between two looks for a device that is missing.
const RETRY: Duration = Duration::from_secs(5);

/// Sends commands to the sound thread.
pub(super) struct Loudspeaker(SyncSender<Command>);

impl Loudspeaker {
    /// Starts the sound thread. Never fails: without a device there is silence.
    pub(super) fn start() -> Self {
        let (sender, receiver) = sync_channel(MAX_QUEUED_COMMANDS);
        if let Err(error) = thread::Builder::new()
            .name("stoa-audio".to_owned())
            .spawn(move || run(&receiver))
        {
            tracing::warn!("no sound: the sound thread cannot be started: {error}");
        }
        Self(sender)
    }

    /// Sends a command; a full queue or a missing thread drops it.
    pub(super) fn send(&self, command: Command) {
        if self.0.try_send(command).is_err() {
            tracing::trace!("a sound command was dropped");
        }
    }
}

#[cfg(test)]
impl Loudspeaker {
    /// One whose commands are read by a test.
    pub(super) fn heard() -> (Self, Receiver<Command>) {
        let (sender, receiver) = sync_channel(MAX_QUEUED_COMMANDS);
        (Self(sender), receiver)
    }
}

/// Keeps a stream open for as long as the game runs.
fn run(commands: &Receiver<Command>) {
    let mixer = Arc::new(Mutex::new(Mixer::new(48_000)));
    loop {
        let is_broken = Arc::new(AtomicBool::new(false));
        let stream = open(&mixer, &is_broken);
        if let Err(error) = &stream {
            tracing::debug!("no sound device: {error}");
        }
        let opened = std::time::Instant::now();
        while !is_broken.load(Ordering::Relaxed) && (stream.is_ok() || opened.elapsed() < RETRY) {
            match commands.recv_timeout(Duration::from_millis(500)) {
                Ok(command) => mixer
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .apply(command),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if stream.is_err() {
                // Voices end in time although nobody hears them, so that a late device does not get old footsteps.
                mixer
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .fill(&mut [0.0; 2048]);
            }
        }
    }
}

/// Whether anything on this system could play: asked first, since ALSA writes lines of its own on standard error where
/// there is no card. The environment is asked here, as the sound libraries do that come next.
#[cfg(target_os = "linux")]
fn may_play() -> bool {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let is_server_named = std::env::var_os("PULSE_SERVER").is_some();
    is_server_named || has_card_or_server(Path::new("/proc/asound/pcm"), runtime.as_deref())
}

#[cfg(not(target_os = "linux"))]
fn may_play() -> bool {
    true
}

/// A card's devices stand in a list of the kernel, sound servers have a socket in the folder of the session.
#[cfg(target_os = "linux")]
fn has_card_or_server(cards: &Path, runtime: Option<&Path>) -> bool {
    let has_card = std::fs::read_to_string(cards).is_ok_and(|list| list.contains("playback"));
    let sockets = ["pulse/native", "pipewire-0"];
    has_card || runtime.is_some_and(|folder| sockets.iter().any(|name| folder.join(name).exists()))
}

fn open(mixer: &Arc<Mutex<Mixer>>, is_broken: &Arc<AtomicBool>) -> anyhow::Result<cpal::Stream> {
    anyhow::ensure!(may_play(), "there is no card and no sound server");
    let device = cpal::default_host()
        .default_output_device()
        .ok_or_else(|| anyhow::anyhow!("the system names none"))?;
    let supported = device.default_output_config()?;
    let format = supported.sample_format();
    let config: StreamConfig = supported.into();
    let channels = usize::from(config.channels.max(1));
    mixer
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .set_rate(config.sample_rate);
    let (source, broken) = (Arc::clone(mixer), Arc::clone(is_broken));
    let on_error = move |error: cpal::Error| {
        tracing::debug!("the sound device stopped: {error}");
        broken.store(true, Ordering::Relaxed);
    };
    let mut stereo = Vec::new();
    let mut frames = move |count: usize, write: &mut dyn FnMut(&[f32])| {
        stereo.resize(count * 2, 0.0);
        source
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill(&mut stereo);
        write(&stereo);
    };
    let stream = match format {
        SampleFormat::F32 => device.build_output_stream(
            config,
            move |out: &mut [f32], _: &_| spread(out, channels, &mut frames, |sample| sample),
            on_error,
            None,
        )?,
        SampleFormat::I16 => device.build_output_stream(
            config,
            move |out: &mut [i16], _: &_| {
                spread(out, channels, &mut frames, |sample| {
                    (sample * 32_767.0) as i16
                });
            },
            on_error,
            None,
        )?,
        SampleFormat::I32 => device.build_output_stream(
            config,
            move |out: &mut [i32], _: &_| {
                spread(out, channels, &mut frames, |sample| {
                    (f64::from(sample) * 2_147_483_647.0) as i32
                });
            },
            on_error,
            None,
        )?,
        other => anyhow::bail!("the device wants samples as {other:?}"),
    };
    stream.play()?;
    Ok(stream)
}

/// Writes stereo to a device of any number of channels: mono gets the mean, further channels stay silent.
fn spread<T: Copy>(
    out: &mut [T],
    channels: usize,
    frames: &mut impl FnMut(usize, &mut dyn FnMut(&[f32])),
    convert: impl Fn(f32) -> T,
) {
    frames(out.len() / channels, &mut |stereo| {
        for (frame, ears) in out.chunks_exact_mut(channels).zip(stereo.chunks_exact(2)) {
            for (channel, sample) in frame.iter_mut().enumerate() {
                *sample = convert(match (channels, channel) {
                    (1, _) => (ears[0] + ears[1]) * 0.5,
                    (_, 0) => ears[0],
                    (_, 1) => ears[1],
                    _ => 0.0,
                });
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_card_or_a_sound_server_is_found_before_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let cards = folder.path().join("pcm");
        assert!(!has_card_or_server(&cards, None));
        std::fs::write(&cards, "").unwrap();
        assert!(!has_card_or_server(&cards, Some(folder.path())));
        std::fs::write(folder.path().join("pipewire-0"), "").unwrap();
        assert!(has_card_or_server(&cards, Some(folder.path())));
        std::fs::write(&cards, "00-00: ALC : ALC : playback 1 : capture 1\n").unwrap();
        assert!(has_card_or_server(&cards, None));
    }

    #[test]
    fn a_loudspeaker_is_never_waited_for() {
        let (loudspeaker, waiting) = Loudspeaker::heard();
        for _ in 0..2 * MAX_QUEUED_COMMANDS {
            loudspeaker.send(Command::Volume(0.5));
        }
        assert_eq!(waiting.try_iter().count(), MAX_QUEUED_COMMANDS);
        drop(waiting);
        loudspeaker.send(Command::StopAll);
    }
}
