/* Videos through the module: frames, numbers, times, seeking, limits. Hostile and live ones are in
 * test_video_damage.c and test_video_live.c. */
#include "support/clips.h"
#include "support/scratch.h"
#include "support/testing.h"

#include "duet/frames.h"

#include <math.h>

static struct scratch scratch;

static int make_scratch(void **state)
{
    (void)state;
    scratch_make(&scratch);
    return 0;
}

static int remove_scratch(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

/* A clip in the scratch folder; its path. */
static const char *make_clip(const struct clip *clip, const char *name)
{
    const char *path = scratch_path(&scratch, name);
    if (!clip_write(clip, path)) fail_msg("cannot make %s", path);
    return path;
}

static struct duet_frames *open_clip(const char *path, const struct duet_frames_options *options)
{
    struct duet_error e;
    struct duet_frames *frames;
    assert_ok(duet_frames_open(path, options, &frames, &e), e);
    return frames;
}

/* The next frame; false: there is none. The caller closes the image. */
static bool take(struct duet_frames *frames, struct duet_image *image, struct duet_frame_info *info)
{
    struct duet_error e;
    bool more;
    assert_ok(duet_frames_next(frames, image, info, &more, &e), e);
    return more;
}

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 1e-4)

/* --- reading -------------------------------------------------------------------------------------------- */

static const struct {
    struct clip clip;
    const char *name, *kind;
} kinds[] = {
    {{.codec = "mpeg4", .frames = 60}, "a.mp4", "mpeg4 in mov"},
    {{.codec = "mpeg4", .frames = 60, .b_frames = 2}, "b.mkv", "mpeg4 in matroska"},
    {{.codec = "mpeg4", .frames = 60}, "a.avi", "mpeg4 in avi"},
    {{.codec = "mpeg4", .frames = 60, .b_frames = 2}, "b.avi", "mpeg4 in avi"},
    {{.codec = "mpeg2video", .frames = 60, .b_frames = 2}, "a.ts", "mpeg2video in mpegts"},
    {{.codec = "mpeg2video", .frames = 60, .b_frames = 2}, "a.mpg", "mpeg2video in mpeg"},
    {{.codec = "mpeg1video", .frames = 60, .b_frames = 2}, "a.m1v", "mpeg1video in mpegvideo"},
    {{.codec = "mjpeg", .frames = 40}, "j.avi", "mjpeg in avi"},
    {{.codec = "ffv1", .frames = 40}, "f.mkv", "ffv1 in matroska"},
    {{.codec = "rawvideo", .frames = 30}, "r.avi", "rawvideo in avi"},
    {{.codec = "wrapped_avframe", .format = "yuv4mpegpipe", .frames = 30},
     "y.y4m",
     "rawvideo in yuv4mpegpipe"},
    {{.codec = "gif", .frames = 30}, "g.gif", "gif in gif"},
    {{.codec = "libx264", .frames = 80, .b_frames = 3}, "x.mp4", "h264 in mov"},
    {{.codec = "libx264", .frames = 80, .b_frames = 3, .codec_options = "x264-params=open-gop=1"},
     "o.mkv",
     "h264 in matroska"},
    {{.codec = "libx264", .frames = 80, .b_frames = 3}, "x.ts", "h264 in mpegts"},
    {{.codec = "libx264", .frames = 60, .b_frames = 2, .format = "h264"}, "x.264", "h264 in h264"},
    {{.codec = "libx264", .frames = 60, .format_options = "movflags=frag_keyframe+empty_moov"},
     "frag.mp4",
     "h264 in mov"},
    {{.codec = "libx264", .frames = 60, .b_frames = 2, .offset = 5400}, "late.mkv", "h264 in matroska"},
    {{.codec = "libx264",
      .frames = 80,
      .b_frames = 2,
      .gop = 250,
      .codec_options = "x264-params=intra-refresh=1"},
     "ir.mkv",
     "h264 in matroska"},
    {{.codec = "libx265", .frames = 50, .b_frames = 3, .codec_options = "x265-params=log-level=none"},
     "h.mp4",
     "hevc in mov"},
    {{.codec = "libvpx-vp9", .frames = 50, .codec_options = "deadline=realtime:cpu-used=8:lag-in-frames=10"},
     "v.webm",
     "vp9 in matroska"},
    {{.codec = "libvpx",
      .frames = 50,
      .codec_options = "deadline=realtime:cpu-used=8:lag-in-frames=10:auto-alt-ref=1"},
     "v8.webm",
     "vp8 in matroska"},
    {{.codec = "flv", .frames = 50}, "f.flv", "flv1 in flv"},
    {{.codec = "wmv2", .frames = 50}, "w.asf", "wmv2 in asf"},
    {{.codec = "libtheora", .frames = 50}, "t.ogv", "theora in ogg"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void every_kind_gives_all_its_frames(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        if (!clip_can(kinds[k].clip.codec)) {
            fprintf(stderr, "# no encoder %s\n", kinds[k].clip.codec);
            continue;
        }
        struct duet_frames *frames = open_clip(make_clip(&kinds[k].clip, kinds[k].name), NULL);
        struct duet_frames_about about;
        struct duet_frame_info info;
        struct duet_image image;
        duet_frames_about(frames, &about);
        assert_string_equal(about.kind, kinds[k].kind);
        assert_true(about.moving && !about.live && about.seekable);
        assert_int_equal(about.width, 64);
        assert_int_equal(about.height, 48);
        int count = 0;
        while (take(frames, &image, &info)) {
            assert_int_equal(image.width, 64);
            assert_int_equal(image.height, 48);
            if (clip_number(&image) != count)
                fail_msg("%s: frame %d shows %d", kinds[k].name, count, clip_number(&image));
            assert_int_equal(info.frame, count);
            assert_true(info.moving && !info.live && info.captured == 0 && info.gap == 0);
            if (fabs(info.time - count / 25.0) > 0.0011)
                fail_msg("%s: frame %d at %f s", kinds[k].name, count, info.time);
            duet_image_close(&image);
            count++;
        }
        if (count != kinds[k].clip.frames) fail_msg("%s: %d frames", kinds[k].name, count);
        duet_frames_close(&frames);
    }
}

/* --- seeking -------------------------------------------------------------------------------------------- */

struct film {
    int count;
    struct duet_image images[256];
    struct duet_frame_info infos[256];
};

static struct film *read_film(const char *path)
{
    struct film *film = calloc(1, sizeof *film);
    assert_non_null(film);
    struct duet_frames *frames = open_clip(path, NULL);
    while (film->count < 256 && take(frames, &film->images[film->count], &film->infos[film->count]))
        film->count++;
    duet_frames_close(&frames);
    return film;
}

static void close_film(struct film *film)
{
    for (int i = 0; i < film->count; i++) duet_image_close(&film->images[i]);
    free(film);
}

static void check_same(const char *name, const struct film *film, int number, const struct duet_image *image,
                       const struct duet_frame_info *info)
{
    const struct duet_image *want = &film->images[number];
    const struct duet_frame_info *meant = &film->infos[number];
    if (info->frame != meant->frame || fabs(info->time - meant->time) > 1e-9 ||
        fabs(info->pts - meant->pts) > 1e-9)
        fail_msg("%s: frame %lld at %f, expected %d at %f", name, (long long)info->frame, info->time, number,
                 meant->time);
    assert_int_equal(image->width, want->width);
    assert_int_equal(image->height, want->height);
    for (int y = 0; y < want->height; y++)
        if (memcmp(duet_image_row(image, y), duet_image_row(want, y), (size_t)want->width * 3) != 0)
            fail_msg("%s: frame %d is another picture from row %d on (shows %d)", name, number, y,
                     clip_number(image));
}

/* Seek to the middle of the frame, read `run` frames from there. */
static void check_seek(const char *name, struct duet_frames *frames, const struct film *film, int number,
                       double at, int run)
{
    struct duet_error e;
    assert_ok(duet_frames_seek(frames, at, &e), e);
    for (int i = number; i < number + run; i++) {
        struct duet_image image;
        struct duet_frame_info info;
        bool more = take(frames, &image, &info);
        if (more != (i < film->count)) fail_msg("%s: seek to %f: more is %d at %d", name, at, more, i);
        if (!more) break;
        check_same(name, film, i, &image, &info);
        duet_image_close(&image);
    }
}

static void check_seeks(const char *name, const char *path)
{
    struct film *film = read_film(path);
    int count = film->count, random = 7;
    struct duet_frames *frames = open_clip(path, NULL); /* the first seek comes before any frame */
    for (int i = 0; i < 24; i++) {
        random = (random * 37 + 11) % 8191;
        int number = i == 0 ? count - 2 : i == 1 ? 0 : random % count;
        double begin = film->infos[number].time;
        double end = number + 1 < count ? film->infos[number + 1].time : begin + 0.03;
        check_seek(name, frames, film, number, i % 3 ? begin + (end - begin) * 0.4 : begin,
                   i % 4 == 0 ? 15 : 2);
    }
    check_seek(name, frames, film, 0, -5, 2);
    check_seek(name, frames, film, count, film->infos[count - 1].time + 1, 1);
    check_seek(name, frames, film, count - 1, film->infos[count - 1].time + 0.02, 2);
    check_seek(name, frames, film, count, 1e300, 1);
    check_seek(name, frames, film, 1, film->infos[1].time, 300);
    check_seek(name, frames, film, 3, film->infos[3].time, 3); /* after the end */
    duet_frames_close(&frames);
    close_film(film);
}

static void seeking_gives_what_reading_gives(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        if (!clip_can(kinds[k].clip.codec)) continue;
        double begin = duet_seconds();
        check_seeks(kinds[k].name, make_clip(&kinds[k].clip, kinds[k].name));
        fprintf(stderr, "# %s: %.2f s\n", kinds[k].name, duet_seconds() - begin);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_gives_all_its_frames),
        cmocka_unit_test(seeking_gives_what_reading_gives),
    };
    return cmocka_run_group_tests(tests, make_scratch, getenv("KEEP") ? NULL : remove_scratch);
}
