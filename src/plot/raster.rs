//! A drawing surface of pixels with smooth wide lines, and its PNG encoding.
//!
//! plotters fills a wide line as one polygon, which leaves holes where the line crosses itself,
//! and without smoothing; here lines are drawn several times as large and averaged.

use std::convert::Infallible;

use plotters::style::FontTransform;
use plotters::style::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::Error;

/// An image of RGB pixels, `scale` times as wide and high as the picture that it becomes.
pub(super) struct Raster {
    width: usize,
    height: usize,
    scale: usize,
    pixels: Vec<[u8; 3]>,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Raster {
    /// A white image for a picture of the given size.
    pub(super) fn new(width: u32, height: u32, scale: u32) -> Raster {
        let (width, height) = ((width * scale) as usize, (height * scale) as usize);
        Raster { width, height, scale: scale as usize, pixels: vec![[255; 3]; width * height] }
    }

    /// The picture as the bytes of a PNG file.
    pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
        let (width, height) = (self.width / self.scale, self.height / self.scale);
        let mut sums = vec![0_u32; 3 * width];
        let mut data = Vec::with_capacity(3 * width * height);
        let area = (self.scale * self.scale) as u32;
        for rows in self.pixels.chunks(self.width * self.scale) {
            sums.fill(0);
            for row in rows.chunks(self.width) {
                for (sum, block) in sums.chunks_exact_mut(3).zip(row.chunks(self.scale)) {
                    for pixel in block {
                        sum[0] += u32::from(pixel[0]);
                        sum[1] += u32::from(pixel[1]);
                        sum[2] += u32::from(pixel[2]);
                    }
                }
            }
            data.extend(sums.iter().map(|sum| ((sum + area / 2) / area) as u8));
        }
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&data))
            .map_err(|e| Error::Drawing(e.to_string()))?;
        Ok(bytes)
    }

    /// Fills pixels `from..=to` of a row.
    fn span(&mut self, row: i32, from: f64, to: f64, colour: [u8; 3]) {
        let from = from.round().max(0.0) as usize;
        let to = (to.round().max(0.0) as usize).min(self.width);
        if let Ok(row) = usize::try_from(row)
            && row < self.height
            && from < to
        {
            self.pixels[row * self.width + from..row * self.width + to].fill(colour);
        }
    }

    /// Fills all within `radius` of a segment.
    fn stroke(&mut self, from: BackendCoord, to: BackendCoord, radius: f64, colour: [u8; 3]) {
        let centre = |p: BackendCoord| (f64::from(p.0), f64::from(p.1));
        let ((ax, ay), (bx, by)) = (centre(from), centre(to));
        let (dx, dy) = (bx - ax, by - ay);
        let length = dx.hypot(dy);
        let top = (ay.min(by) - radius).floor().max(0.0) as i32;
        let bottom = (ay.max(by) + radius).ceil().min(self.height as f64) as i32;
        for row in top..bottom {
            let y = f64::from(row) + 0.5;
            let (mut left, mut right) = (f64::INFINITY, f64::NEG_INFINITY);
            let mut reach = |a: f64, b: f64| {
                (left, right) = (left.min(a.min(b)), right.max(a.max(b)));
            };
            // The round ends.
            for (x, centre) in [(ax, ay), (bx, by)] {
                let half = radius * radius - (y - centre) * (y - centre);
                if half > 0.0 {
                    reach(x - half.sqrt(), x + half.sqrt());
                }
            }
            // The sides: the row cuts the rectangle along the segment, a convex shape, in the
            // points where it cuts its four edges.
            if length > 0.0 {
                let (nx, ny) = (-dy / length * radius, dx / length * radius);
                let corners = [
                    (ax + nx, ay + ny),
                    (bx + nx, by + ny),
                    (bx - nx, by - ny),
                    (ax - nx, ay - ny),
                ];
                for i in 0..4 {
                    let ((x0, y0), (x1, y1)) = (corners[i], corners[(i + 1) % 4]);
                    if (y0 - y) * (y1 - y) <= 0.0 && y0 != y1 {
                        let x = x0 + (x1 - x0) * (y - y0) / (y1 - y0);
                        reach(x, x);
                    }
                }
            }
            if left < right {
                self.span(row, left, right, colour);
            }
        }
    }
}

fn opaque<S: BackendStyle>(style: &S) -> [u8; 3] {
    let (r, g, b) = style.color().rgb;
    [r, g, b]
}

impl DrawingBackend for Raster {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.width as u32, self.height as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return Ok(()) };
        if x < self.width && y < self.height {
            let pixel = &mut self.pixels[y * self.width + x];
            let (r, g, b) = colour.rgb;
            for (old, new) in pixel.iter_mut().zip([r, g, b]) {
                let mixed = f64::from(*old) + (f64::from(new) - f64::from(*old)) * colour.alpha;
                *old = mixed.round() as u8;
            }
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let radius = f64::from(style.stroke_width()) / 2.0;
        let mut last = None;
        for point in path {
            self.stroke(last.unwrap_or(point), point, radius, opaque(style));
            last = Some(point);
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        for row in top..bottom {
            self.span(row, f64::from(left), f64::from(right), opaque(style));
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        centre: BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        self.stroke(centre, centre, f64::from(radius), opaque(style));
        Ok(())
    }

    /// Text centred on the middle of its small letters, as the SVG backend does it.
    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Drawn {
        let failed = |e: T::FontError| DrawingErrorKind::FontError(Box::new(e));
        let ((left, _), (right, _)) = style.layout_box(text).map_err(failed)?;
        let shift = match style.anchor().h_pos {
            HPos::Left => 0,
            HPos::Right => right - left,
            HPos::Center => (right - left) / 2,
        };
        // plotters puts the line on which letters stand half the size below the given place;
        // small letters reach up a quarter of the size.
        let rise = (style.size() * (0.5 - 0.25)) as i32;
        let turned = matches!(style.transform(), FontTransform::Rotate270);
        let drawn = style.draw(text, (0, 0), |x, y, colour| {
            let (x, y) = (x - shift, y - rise);
            let (x, y) = if turned { (y, -x) } else { (x, y) };
            self.draw_pixel((at.0 + x, at.1 + y), colour)
        });
        drawn.map_err(failed)?
    }
}
