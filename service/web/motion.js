// Draws trajectories over the playing clip.

let running = 0;

// `tracks` are those of an answer; null clears the canvas.
export function drawMotion(video, canvas, tracks) {
  cancelAnimationFrame(running);
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  canvas.hidden = !tracks;
  if (!tracks) return;
  const step = () => {
    draw(video, canvas, context, tracks);
    running = requestAnimationFrame(step);
  };
  step();
}

function draw(video, canvas, context, {width, height, starts_s: starts, step_s: step, points}) {
  const density = devicePixelRatio || 1;
  const [wide, high] = [video.clientWidth, video.clientHeight];
  if (canvas.width !== Math.round(wide * density) || canvas.height !== Math.round(high * density)) {
    canvas.width = Math.round(wide * density);
    canvas.height = Math.round(high * density);
    canvas.style.width = `${wide}px`;
    canvas.style.height = `${high}px`;
  }
  const scale = Math.min(wide / width, high / height) * density;
  const [left, top] = [(canvas.width - width * scale) / 2, (canvas.height - height * scale) / 2];
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.lineWidth = 1.5 * density;
  context.strokeStyle = "#4dff7c";
  context.fillStyle = "#ff5a4d";
  const now = video.currentTime;
  for (let index = 0; index < points.length; index += 1) {
    const passed = (now - starts[index]) / step;
    const track = points[index], last = track.length / 2 - 1;
    if (passed < 0 || passed > last + 1) continue;
    const shown = Math.min(Math.floor(passed), last);
    context.beginPath();
    for (let point = 0; point <= shown; point += 1) {
      context.lineTo(left + track[2 * point] * scale, top + track[2 * point + 1] * scale);
    }
    context.stroke();
    context.fillRect(left + track[2 * shown] * scale - density, top + track[2 * shown + 1] * scale - density, 3 * density, 3 * density);
  }
}
