/* Videos through the module: frames, numbers, times, seeking, limits. Hostile and live ones are in
 * test_video_damage.c and test_video_live.c. */
#include "support/clips.h"
#include "support/scratch_group.h"
#include "support/testing.h"

#include "data/moving/frames.h"

#include <math.h>

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
        duet_frames_describe(frames, &about);
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

/* --- what is asked for ---------------------------------------------------------------------------------- */

/* The numbers that the options let through. */
static int numbers_of(const char *path, struct duet_frames_options options, int64_t *numbers)
{
    struct duet_frames *frames = open_clip(path, &options);
    struct duet_image image;
    struct duet_frame_info info;
    int count = 0;
    while (take(frames, &image, &info)) {
        numbers[count++] = info.frame;
        assert_near(info.time, (double)info.frame / 25);
        assert_int_equal(clip_number(&image), info.frame);
        duet_image_close(&image);
    }
    duet_frames_close(&frames);
    return count;
}

static void check_numbers(const char *path, struct duet_frames_options options, int first, int step,
                          int count)
{
    int64_t numbers[256];
    int got = numbers_of(path, options, numbers);
    if (got != count) fail_msg("%s: %d frames, expected %d", path, got, count);
    for (int i = 0; i < count; i++) assert_int_equal(numbers[i], first + i * step);
}

static void every_start_and_duration_choose_frames(void **state)
{
    (void)state;
    const struct clip clip = {.codec = "mpeg4", .frames = 150, .b_frames = 2};
    static const char *const names[] = {"choose.mp4", "choose.avi"}; /* the second has no stamps to jump by */
    for (int i = 0; i < 2; i++) {
        const char *path = make_clip(&clip, names[i]);
        check_numbers(path, (struct duet_frames_options){.every = 1}, 0, 1, 150);
        check_numbers(path, (struct duet_frames_options){.every = 7}, 0, 7, 22);
        check_numbers(path, (struct duet_frames_options){.every = 1000}, 0, 1, 1);
        check_numbers(path, (struct duet_frames_options){.start = 1}, 25, 1, 125);
        check_numbers(path, (struct duet_frames_options){.start = 1.01}, 26, 1, 124);
        check_numbers(path, (struct duet_frames_options){.start = 4.4}, 110, 1, 40);
        check_numbers(path, (struct duet_frames_options){.duration = 1}, 0, 1, 25);
        check_numbers(path, (struct duet_frames_options){.start = 1, .duration = 1}, 25, 1, 25);
        check_numbers(path, (struct duet_frames_options){.start = 3, .duration = 0.5, .every = 4}, 76, 4, 3);
        check_numbers(path, (struct duet_frames_options){.start = 5.9, .duration = 9}, 148, 1, 2);
        check_numbers(path, (struct duet_frames_options){.start = 60}, 0, 1, 0);
    }
    struct duet_frames_options options = {.every = 5, .start = 1, .duration = 2};
    struct duet_frames *frames = open_clip(make_clip(&clip, names[0]), &options);
    static const struct {
        double at;
        int number; /* -1: the end */
    } seeks[] = {{2.5, 60}, {0, 25}, {1.3, 30}, {2.99, 70}, {3, -1}, {2, 50}, {99, -1}, {-1, 25}};
    for (size_t i = 0; i < sizeof seeks / sizeof *seeks; i++) {
        struct duet_error e;
        struct duet_image image;
        struct duet_frame_info info = {.frame = -1};
        assert_ok(duet_frames_seek(frames, seeks[i].at, &e), e);
        bool more = take(frames, &image, &info);
        if (more != (seeks[i].number >= 0) || info.frame != seeks[i].number)
            fail_msg("seek to %f: %d, frame %lld", seeks[i].at, more, (long long)info.frame);
        duet_image_close(&image);
    }
    duet_frames_close(&frames);
}

static void times_are_the_sources_own(void **state)
{
    (void)state;
    static const int ticks[] = {0, 10, 500, 540, 541, 2000, 2001, 2100, 5000, 5040};
    enum { COUNT = sizeof ticks / sizeof *ticks };
    const struct clip clip = {.codec = "mpeg4", .frames = COUNT, .ticks = ticks, .offset = 1500};
    struct duet_error e;
    const char *path = make_clip(&clip, "uneven.mkv");
    struct duet_frames *frames = open_clip(path, NULL);
    struct duet_image image;
    struct duet_frame_info info;
    for (int i = 0; take(frames, &image, &info); i++) {
        assert_near(info.pts, 1.5 + ticks[i] / 1000.0);
        assert_near(info.time, ticks[i] / 1000.0);
        duet_image_close(&image);
    }
    for (int ms = 0; ms < 5040; ms += 97) {
        assert_ok(duet_frames_seek(frames, ms / 1000.0, &e), e);
        assert_true(take(frames, &image, &info));
        assert_true(ticks[info.frame] <= ms && (info.frame + 1 == COUNT || ticks[info.frame + 1] > ms));
        assert_int_equal(clip_number(&image), info.frame);
        duet_image_close(&image);
    }
    duet_frames_close(&frames);
}

static void about_tells_what_the_container_does(void **state)
{
    (void)state;
    const struct clip clip = {.codec = "mpeg4", .frames = 60, .rate = 30};
    struct duet_frames *frames = open_clip(make_clip(&clip, "about.mp4"), NULL);
    struct duet_frames_about about;
    duet_frames_describe(frames, &about);
    assert_int_equal(about.rate_num, 30 * about.rate_den);
    assert_near(about.duration, 2);
    duet_frames_close(&frames);
}

/* Turned as the container asks: bits run from the left when upright. */
static void pictures_are_turned_upright(void **state)
{
    (void)state;
    static const int turns[] = {0, 90, 180, 270};
    for (int i = 0; i < 4; i++) {
        const struct clip clip = {.codec = "mpeg4", .frames = 2, .first = 1, .turn = turns[i]};
        const char *path = make_clip(&clip, "turned.mp4");
        for (int ignore = 0; ignore < 2; ignore++) {
            struct duet_frames_options options = {.picture.exif =
                                                      ignore ? DUET_EXIF_IGNORE : DUET_EXIF_APPLY};
            struct duet_frames *frames = open_clip(path, &options);
            struct duet_frames_about about;
            struct duet_image image;
            duet_frames_describe(frames, &about);
            bool lies = turns[i] % 180 != 0 && !ignore;
            assert_int_equal(about.width, lies ? 48 : 64);
            assert_true(take(frames, &image, NULL));
            assert_int_equal(image.width, lies ? 48 : 64);
            assert_int_equal(image.height, lies ? 64 : 48);
            /* The bright corner is the stored picture's upper left one. Anticlockwise it goes down the left
             * side. */
            bool low = !ignore && (turns[i] == 90 || turns[i] == 180);
            bool right = !ignore && (turns[i] == 180 || turns[i] == 270);
            const uint8_t *corner =
                duet_image_row(&image, low ? image.height - 4 : 3) + (right ? image.width - 4 : 3) * 3;
            if (corner[1] < 130) fail_msg("%d degrees: the corner is %d", turns[i], corner[1]);
            duet_image_close(&image);
            duet_frames_close(&frames);
        }
    }
}

/* --- the module ----------------------------------------------------------------------------------------- */

static bool maps_contain(const char *text)
{
    char line[1024];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) found |= strstr(line, text) != NULL;
    fclose(maps);
    return found;
}

/* The path of a library that is there and is no module; "" when it cannot be found. */
static void find_library(const char *name, char *path, size_t size)
{
    char line[1024];
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    *path = '\0';
    while (!*path && fgets(line, sizeof line, maps)) {
        char *begin = strchr(line, '/');
        if (!begin || !strstr(begin, name)) continue;
        begin[strcspn(begin, "\n")] = '\0';
        snprintf(path, size, "%s", begin);
    }
    fclose(maps);
}

/* This test's program links FFmpeg to make clips, so that another one is looked at. */
static void what_needs_no_module_loads_none(void **state)
{
    (void)state;
    assert_false(maps_contain("duet-video"));
    struct duet_frames *frames = NULL;
    struct duet_error e;
    struct duet_image image;
    bool more;
    assert_ok(duet_frames_open_bytes("P5 1 1 255 a", 12, "x", NULL, &frames, &e), e);
    assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
    duet_image_close(&image);
    duet_frames_close(&frames);
    assert_false(maps_contain("duet-video"));
    const struct clip clip = {.codec = "mpeg4", .frames = 1};
    frames = open_clip(make_clip(&clip, "one.mp4"), NULL);
    duet_frames_close(&frames);
    assert_true(maps_contain("duet-video"));
    assert_false(maps_contain("libavdevice")); /* and what hangs on it: SDL, X11, PulseAudio */
}

static void a_missing_module_is_named(void **state)
{
    (void)state;
    const struct clip clip = {.codec = "mpeg4", .frames = 1};
    const char *path = make_clip(&clip, "one.mp4");
    char other[600], library[600];
    find_library("/libm.so", library, sizeof library);
    snprintf(other, sizeof other, "%s", path);
    const struct {
        const char *module, *says;
    } cases[] = {{"/no/such.so", "(there is no /no/such.so)"},
                 {NULL, "video needs FFmpeg: "},
                 {"libm.so.6", "there is no libm.so.6"},
                 {library, "is no video module of Duet's"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct duet_frames *frames;
        struct duet_error e;
        setenv("DUET_VIDEO_MODULE", cases[i].module ? cases[i].module : other, 1);
        assert_fails(DUET_UNSUPPORTED, duet_frames_open(other, NULL, &frames, &e), e);
        unsetenv("DUET_VIDEO_MODULE");
        if (!strstr(e.text, cases[i].says) || strncmp(e.text, other, strlen(other)) != 0)
            fail_msg("'%s'", e.text);
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

/* Larger than 2560x1440, two threads decode. */
static void two_threads_give_the_same(void **state)
{
    (void)state;
    const struct clip clip = {
        .codec = "mpeg4", .width = 2576, .height = 1440, .frames = 20, .gop = 5, .b_frames = 2};
    const char *path = make_clip(&clip, "large.mp4");
    struct duet_frames *frames = open_clip(path, NULL);
    struct duet_image image;
    struct duet_frame_info info;
    int count = 0;
    for (; take(frames, &image, &info); count++) {
        assert_int_equal(clip_number(&image), count);
        assert_int_equal(info.frame, count);
        duet_image_close(&image);
    }
    assert_int_equal(count, 20);
    for (int i = 0; i < 8; i++) {
        struct duet_error e;
        int number = (i * 13 + 17) % 19;
        assert_ok(duet_frames_seek(frames, number / 25.0, &e), e);
        for (int k = 0; k < 2; k++) {
            assert_true(take(frames, &image, &info));
            assert_int_equal(clip_number(&image), number + k);
            assert_int_equal(info.frame, number + k);
            duet_image_close(&image);
        }
    }
    duet_frames_close(&frames);
}

/* Of FFmpeg's filters, those that only make or change pictures; whatever else there is is refused by name,
 * and before it can do anything. */
static void graphs_open_and_write_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *graph, *filter;
    } cases[] = {
        {"color=duration=0.1,metadata=print:file=VICTIM", "metadata"},
        {"color=duration=0.1,'meta'data=print:file=VICTIM", "metadata"},
        {"color=duration=0.1 , [x] metadata@color=print:file=VICTIM", "metadata@color"},
        {"color=duration=0.1[a];[a]metadata=mode=print:file=VICTIM[out0]", "metadata"},
        {"color=duration=0.1[a,b];[a,b]metadata=mode=print:file=VICTIM[out0]", "metadata"},
        {"sws_flags=bilinear;movie=VICTIM", "movie"},
        {"color=duration=0.1:color='a,b\\',metadata=print:file=VICTIM", "metadata"},
        {"movie=http\\://127.0.0.1\\:9/a.mp4", "movie"},
        {"amovie=VICTIM", "amovie"},
        {"color,drawtext=textfile=VICTIM", "drawtext"},
        {"color,subtitles=VICTIM", "subtitles"},
        {"color,ssim=stats_file=VICTIM", "ssim"},
        {"color,sendcmd=f=VICTIM", "sendcmd"},
        {"color,zmq", "zmq"},
        {"color,curves=plot=VICTIM", "curves"},
        {"color,lut3d=VICTIM", "lut3d"},
        {"color,frei0r=VICTIM", "frei0r"},
        {"life=filename=VICTIM", "life"},
        {"color,showinfo", "showinfo"},
        {"color,scale=/w=VICTIM", "scale"},
        {"color,scale=h=2: /w=VICTIM", "scale"},
        {"no_such_filter", "no_such_filter"},
        {"color,", ""},
        {"", ""},
    };
    scratch_write(&scratch, "victim", "precious", 8);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[800], said[80];
        const char *victim = strstr(cases[i].graph, "VICTIM");
        int before = victim ? (int)(victim - cases[i].graph) : (int)strlen(cases[i].graph);
        snprintf(path, sizeof path, "lavfi:%.*s%s%s", before, cases[i].graph,
                 victim ? scratch_path(&scratch, "victim") : "", victim ? victim + 6 : "");
        snprintf(said, sizeof said, ": the filter '%s' ", cases[i].filter);
        struct duet_frames *frames;
        struct duet_error e;
        assert_fails(DUET_UNSUPPORTED, duet_frames_open(path, NULL, &frames, &e), e);
        if (!strstr(e.text, said)) fail_msg("%s", e.text);
    }
    char *left = scratch_read(&scratch, "victim");
    assert_string_equal(left, "precious");
    free(left);
    struct duet_frames *frames;
    struct duet_error e;
    assert_ok(duet_frames_open(
                  "lavfi:sws_flags=bicubic; color=red@0.5:s=64x64:r=5:d=1 [a] ; testsrc@x=s=64x64:d=1[b];"
                  "[a][b] hstack=inputs=2:shortest=1, scale='iw/2':-1 [out0]",
                  NULL, &frames, &e),
              e);
    duet_frames_close(&frames);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_needs_no_module_loads_none),
        cmocka_unit_test(a_missing_module_is_named),
        cmocka_unit_test(every_start_and_duration_choose_frames),
        cmocka_unit_test(times_are_the_sources_own),
        cmocka_unit_test(about_tells_what_the_container_does),
        cmocka_unit_test(pictures_are_turned_upright),
        cmocka_unit_test(every_kind_gives_all_its_frames),
        cmocka_unit_test(graphs_open_and_write_nothing),
        cmocka_unit_test(seeking_gives_what_reading_gives),
        cmocka_unit_test(two_threads_give_the_same),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
